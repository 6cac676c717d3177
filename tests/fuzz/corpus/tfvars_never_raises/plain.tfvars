connect_instance_ids = {
  us-east-1 = "3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
  us-west-2 = "8d1b9f0a-41c7-4a63-b1f5-2c5de0d9a8e7"
}
