"""The stream: one port to a broker, with Kafka and memory behind it, and the consumer's guarantees."""
