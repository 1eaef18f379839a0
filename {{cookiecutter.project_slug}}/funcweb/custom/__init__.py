"""What only an app needs that did not come from the template."""
