"""What every function shares: WeChat's callback and API, the model, the stores, the rules between them."""
