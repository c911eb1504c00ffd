"""The .tflite files that LiteRT is asked about: converted, written, and compared with the model they came from."""
