{%- set requests = 50 if cookiecutter.__streams else {"sync": 16, "nest_asyncio": 4}[cookiecutter.__mode] | default(50) -%}
// All that this project has in Azure, in one resource group. `azd up` makes it, and changes it after a change here;
// `azd down` removes it. There is no key or password in it: the function app has an identity, and what it needs to
// reach grants that identity one role each.

@description('Name of the azd environment, such as dev or prod. Each has resources of its own.')
param environmentName string

@description('The region of all resources: that of the resource group.')
param location string = resourceGroup().location

@description('Memory of an instance in MB. The processor comes with it: a quarter of a core, one core, two cores.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int = 2048

// Bounds what a flood of requests can cost, if not to the last instance. Not every region takes less than 40.
@description('How many instances may run at once.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

// When all instances have this many, another one starts. Azure gives a Python instance one at a time unless told.
{%- if cookiecutter.programming_model == "custom_handler" and cookiecutter.__interface == "wsgi" %}
// Here each request has a thread of the server's own, which mostly waits for something else, such as a database or the
// client. Code that computes wants fewer requests; `threads` of `serve` in server.py is the most that there can be.
{%- elif cookiecutter.__mode == "sync" %}
// Here each request has a thread of its own, which mostly waits for something else, such as a database: 16 keep one
// core busy. Code that computes wants fewer.
{%- elif cookiecutter.__mode == "nest_asyncio" %}
// With nest_asyncio a request waits for all that came after it: only a few at once, and sooner another instance.
{%- else %}
// Here requests wait side by side on one event loop: 50 that take 0.1 s make 500 a second, about what one core of
// Python answers. Requests that stay open and idle allow more, code that computes or blocks fewer.
{%- endif %}
@description('How many requests an instance answers at once.')
@minValue(1)
@maxValue(1000)
param requestsPerInstance int = {{ requests }}

{% if cookiecutter.__streams -%}
// A body {{ "lies in a temporary file until it is whole" if cookiecutter.__middleware_module == "wsgi_server" else "arrives in chunks and is held nowhere, unless the app collects it" }}, so memory sets no bound. This is Azure's own.
@description('The largest body of a request, in MB. A larger one gets status 413.')
@minValue(1)
param requestBodyLimitMB int = 100
{%- else -%}
// The bodies of all requests at once must fit into the memory of an instance, where the host and the worker hold each
// several times on its way to the app: four times, by estimate. Half of the memory is for all else. So this is
// memory / 2 / 4 / requests at once: 2048 / 8 / {{ requests }} = {{ 2048 // 8 // requests }} here, where Azure's own limit, 100 MB, could want {{ "%g" | format(requests * 4 * 100 / 1000) }} GB.
// For larger uploads set a number, with fewer requests at once or more memory.
@description('The largest body of a request, in MB. A larger one gets status 413.')
@minValue(1)
param requestBodyLimitMB int = max(1, instanceMemoryMB / (8 * requestsPerInstance))
{%- endif %}

{% if cookiecutter.framework == "django" -%}
// azd makes one for each of its environments, and keeps it.
@description('Signs the sessions and whatever else Django signs: DJANGO_SECRET_KEY.')
@secure()
@metadata({
  azd: {
    type: 'generate'
    config: { length: 50 }
  }
})
param djangoSecretKey string

@description('The database, such as postgres://user:password@host/name?sslmode=require, of `azd env set DATABASE_URL`.')
@secure()
param databaseUrl string = ''

@description('Custom domains, separated by commas, of `azd env set DJANGO_ALLOWED_HOSTS`.')
param djangoAllowedHosts string = ''

{% endif -%}
{% if cookiecutter.framework == "mcp" -%}
@description('Custom domains, separated by commas, of `azd env set MCP_ALLOWED_HOSTS`.')
param mcpAllowedHosts string = ''

{% endif -%}
var tags = { 'azd-env-name': environmentName }
var token = uniqueString(subscription().id, resourceGroup().id, environmentName)
var packages = 'packages'

// Who the function app is to the other resources. Free.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-${token}'
  location: location
  tags: tags
}

// Where logs and measurements are kept, for 30 days. Paid for by the gigabyte that arrives.
resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: 'log-${token}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 30
    features: { disableLocalAuth: true }
  }
}

// Where they are looked at: requests, failures, live metrics. What arrives is paid for in the workspace.
resource applicationInsights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${token}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

// What the Functions host needs: the deployed package, the function keys, its locks. Paid for by what is stored and how
// often it is read and written, which is little.
resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: 'st${token}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: storage
  name: 'default'
}

resource packagesContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: packages
}

// Storage Blob Data Owner, on this account: the least with which the host keeps its locks.
{%- if cookiecutter.programming_model != "custom_handler" %}
//
{% if cookiecutter.jobs == "queue" -%}
// That does for HTTP and for timers. Queues and blob triggers need the second role, below, and Durable Functions a third,
// in a resource such as this:
{%- else -%}
// That does for HTTP and for timers. A queue or blob trigger beside the app needs a second role on this account, and
// Durable Functions a third, each in a resource such as this:
// Storage Queue Data Contributor: 974c5e8b-45b9-4653-ba55-5f855dd0fb88
{%- endif %}
// Storage Table Data Contributor: 0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3
{%- endif %}
resource storageRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: storage
  name: guid(storage.id, identity.id, 'Storage Blob Data Owner')
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
    )
  }
}

{% if cookiecutter.jobs == "queue" -%}
// Storage Queue Data Contributor, on this account: the least role with which the app sends jobs, and the host takes them,
// has a failed one wait, and moves what always fails into the poison queue.
resource queueRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: storage
  name: guid(storage.id, identity.id, 'Storage Queue Data Contributor')
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
    )
  }
}

{% endif -%}
// Monitoring Metrics Publisher, on this Application Insights: it may report, and not read.
resource monitoringRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: applicationInsights
  name: guid(applicationInsights.id, identity.id, 'Monitoring Metrics Publisher')
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      '3913510d-42f4-4e42-8a64-420c390055eb'
    )
  }
}

// Flex Consumption: instances come and go with the requests. Nothing to pay while none runs.
resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: 'plan-${token}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: { reserved: true }
}

// The app itself. Paid for by the request, and by memory and time while an instance answers any.
resource functionApp 'Microsoft.Web/sites@2024-11-01' = {
  name: 'func-${token}'
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    // A secret belongs into a Key Vault, and a reference to it into appSettings; this identity reads it there.
    keyVaultReferenceIdentity: identity.id
    functionAppConfig: {
      runtime: {
        name: 'python'
        version: '{{ cookiecutter.python_version }}'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        triggers: {
          http: { perInstanceConcurrency: requestsPerInstance }
        }
      }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${packages}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      // These are all app settings there are: one that is made elsewhere is gone after the next `azd provision`.
      appSettings: [
{%- if cookiecutter.jobs == "queue" %}
        // With Durable Functions AzureWebJobsStorage__tableServiceUri too (primaryEndpoints.table); see the roles above.
        { name: 'AzureWebJobsStorage__blobServiceUri', value: storage.properties.primaryEndpoints.blob }
        { name: 'AzureWebJobsStorage__queueServiceUri', value: storage.properties.primaryEndpoints.queue }
{%- else %}
{%- if cookiecutter.programming_model != "custom_handler" %}
        // With queues AzureWebJobsStorage__queueServiceUri too (primaryEndpoints.queue), and with Durable Functions also
        // AzureWebJobsStorage__tableServiceUri (primaryEndpoints.table); see the roles above.
{%- endif %}
        { name: 'AzureWebJobsStorage__blobServiceUri', value: storage.properties.primaryEndpoints.blob }
{%- endif %}
        { name: 'AzureWebJobsStorage__credential', value: 'managedidentity' }
        { name: 'AzureWebJobsStorage__clientId', value: identity.properties.clientId }
        { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: applicationInsights.properties.ConnectionString }
        {
          name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'
          value: 'ClientId=${identity.properties.clientId};Authorization=AAD'
        }
        { name: 'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT', value: string(requestBodyLimitMB * 1024 * 1024) }
{%- if cookiecutter.framework == "django" %}
        { name: 'DJANGO_SECRET_KEY', value: djangoSecretKey }
        { name: 'DJANGO_ALLOWED_HOSTS', value: djangoAllowedHosts }
        { name: 'DATABASE_URL', value: databaseUrl }
{%- if cookiecutter.observability == "opentelemetry" %}
        // The worker's instrumentation of Django would hide the site's settings. The app makes its spans itself.
        { name: 'OTEL_PYTHON_DJANGO_INSTRUMENT', value: 'False' }
{%- endif %}
{%- endif %}
{%- if cookiecutter.framework == "mcp" %}
        { name: 'MCP_ALLOWED_HOSTS', value: mcpAllowedHosts }
{%- endif %}
{%- if cookiecutter.jobs == "timer" %}
        // When the timer fires, in UTC: second, minute, hour, day, month, day of the week.
        { name: 'JOBS_SCHEDULE', value: '0 */5 * * * *' }
{%- endif %}
{%- if cookiecutter.observability == "opentelemetry" and cookiecutter.programming_model != "custom_handler" %}
        { name: 'PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY', value: 'true' }
{%- endif %}
{%- if cookiecutter.programming_model == "custom_handler" %}
        // Where the packages are. The worker finds them by itself, but the host starts server.py without the worker.
        { name: 'PYTHONPATH', value: '/home/site/wwwroot/.python_packages/lib/site-packages' }
{%- elif cookiecutter.__mode == "sync" %}
        { name: 'PYTHON_THREADPOOL_THREAD_COUNT', value: string(requestsPerInstance) }
{%- endif %}
{%- if cookiecutter.__mode == "streaming" and cookiecutter.python_version in ("3.11", "3.12") %}
        { name: 'PYTHON_ENABLE_INIT_INDEXING', value: '1' }
{%- endif %}
      ]
    }
  }
  // The host reads its storage as soon as it starts.
  dependsOn: [
    packagesContainer
    monitoringRole
{%- if cookiecutter.jobs == "queue" %}
    queueRole
{%- endif %}
    storageRole
  ]
}

// No deployment with a user name and password: whoever deploys signs in with Entra ID.
resource ftpPublishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: functionApp
  name: 'ftp'
  properties: { allow: false }
}

resource scmPublishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: functionApp
  name: 'scm'
  properties: { allow: false }
}

// What `azd env get-values` shows afterwards.
output SERVICE_APP_NAME string = functionApp.name
output SERVICE_APP_URL string = 'https://${functionApp.properties.defaultHostName}{{ "/" ~ cookiecutter.route_prefix if cookiecutter.route_prefix }}'
