"""The network contract: rates, counts and claims, payments and statements."""
