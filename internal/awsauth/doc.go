// Package awsauth finds out who we are to AWS: the one chain of credentials behind S3 repositories and signed requests
// to clusters.
//
//	keys given  >  environment  >  web identity (EKS)  >  shared config (profile, SSO, process)  >  ECS, EKS pod  >  EC2
//	      └──────────────────────────────── a role to assume with them, where one is named ────────────────────┘
//
// Nothing is asked of any server before the first credentials are needed. It signs nothing and reads no bucket.
package awsauth
