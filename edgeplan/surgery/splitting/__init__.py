"""Makes of a planned split what runs: a model for the device, one for the cloud, and a manifest; run and held to the
whole, in each encoding of what crosses.
"""
