"""Published weights of networks that losses and metrics look through, fetched to where they are looked for."""
