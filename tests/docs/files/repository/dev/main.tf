module "chat" {
  source = "../modules/chat"
}
