"""An app of the owner's on Azure Functions: `framework=custom`, and baking into the folder of an app that is there."""
