#include <array>

#include "services/iam/core/action_map.hpp"

/// What S3's operations need: its actions are named otherwise.
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
namespace aviary::iam {
namespace {

constexpr std::array s3_rows{
    ActionRow{"CompleteMultipartUpload", "PutObject"},
    ActionRow{"CopyObject", "PutObject"},
    ActionRow{"CopyObject", "s3:GetObject", "arn:aws:s3:::{CopySource|source}"},
    ActionRow{"CreateBucketMetadataConfiguration", "CreateBucketMetadataTableConfiguration"},
    ActionRow{"CreateMultipartUpload", "PutObject"},
    ActionRow{"CreateMultipartUpload", "s3:PutObjectAcl", "", "ACL"},
    ActionRow{"CreateMultipartUpload", "s3:PutObjectTagging", "", "Tagging"},
    ActionRow{"DeleteBucketAnalyticsConfiguration", "PutAnalyticsConfiguration"},
    ActionRow{"DeleteBucketCors", "PutBucketCORS"},
    ActionRow{"DeleteBucketEncryption", "PutEncryptionConfiguration"},
    ActionRow{"DeleteBucketIntelligentTieringConfiguration", "PutIntelligentTieringConfiguration"},
    ActionRow{"DeleteBucketInventoryConfiguration", "PutInventoryConfiguration"},
    ActionRow{"DeleteBucketLifecycle", "PutLifecycleConfiguration"},
    ActionRow{"DeleteBucketMetadataConfiguration", "DeleteBucketMetadataTableConfiguration"},
    ActionRow{"DeleteBucketMetricsConfiguration", "PutMetricsConfiguration"},
    ActionRow{"DeleteBucketOwnershipControls", "PutBucketOwnershipControls"},
    ActionRow{"DeleteBucketReplication", "PutReplicationConfiguration"},
    ActionRow{"DeleteBucketTagging", "PutBucketTagging"},
    ActionRow{"DeleteObject", "DeleteObjectVersion", "", "VersionId"},
    ActionRow{"DeleteObjectTagging", "DeleteObjectVersionTagging", "", "VersionId"},
    ActionRow{"DeleteObjects", "DeleteObject", "arn:aws:s3:::{Bucket}/{Delete.Objects.Key}"},
    ActionRow{"DeletePublicAccessBlock", "PutBucketPublicAccessBlock"},
    ActionRow{"GetBucketAccelerateConfiguration", "GetAccelerateConfiguration"},
    ActionRow{"GetBucketAnalyticsConfiguration", "GetAnalyticsConfiguration"},
    ActionRow{"GetBucketCors", "GetBucketCORS"},
    ActionRow{"GetBucketEncryption", "GetEncryptionConfiguration"},
    ActionRow{"GetBucketIntelligentTieringConfiguration", "GetIntelligentTieringConfiguration"},
    ActionRow{"GetBucketInventoryConfiguration", "GetInventoryConfiguration"},
    ActionRow{"GetBucketLifecycleConfiguration", "GetLifecycleConfiguration"},
    ActionRow{"GetBucketMetadataConfiguration", "GetBucketMetadataTableConfiguration"},
    ActionRow{"GetBucketMetricsConfiguration", "GetMetricsConfiguration"},
    ActionRow{"GetBucketNotificationConfiguration", "GetBucketNotification"},
    ActionRow{"GetBucketReplication", "GetReplicationConfiguration"},
    ActionRow{"GetObject", "GetObjectVersion", "", "VersionId"},
    ActionRow{"GetObjectAcl", "GetObjectVersionAcl", "", "VersionId"},
    ActionRow{"GetObjectAttributes", "GetObjectVersionAttributes", "", "VersionId"},
    ActionRow{"GetObjectAttributes", "s3:GetObject"},
    ActionRow{"GetObjectLockConfiguration", "GetBucketObjectLockConfiguration"},
    ActionRow{"GetObjectTagging", "GetObjectVersionTagging", "", "VersionId"},
    ActionRow{"GetPublicAccessBlock", "GetBucketPublicAccessBlock"},
    ActionRow{"HeadBucket", "ListBucket"},
    ActionRow{"HeadObject", "GetObjectVersion", "", "VersionId"},
    ActionRow{"HeadObject", "GetObject"},
    ActionRow{"ListBucketAnalyticsConfigurations", "GetAnalyticsConfiguration"},
    ActionRow{"ListBucketIntelligentTieringConfigurations", "GetIntelligentTieringConfiguration"},
    ActionRow{"ListBucketInventoryConfigurations", "GetInventoryConfiguration"},
    ActionRow{"ListBucketMetricsConfigurations", "GetMetricsConfiguration"},
    ActionRow{"ListBuckets", "ListAllMyBuckets"},
    ActionRow{"ListMultipartUploads", "ListBucketMultipartUploads"},
    ActionRow{"ListObjectVersions", "ListBucketVersions"},
    ActionRow{"ListObjects", "ListBucket"},
    ActionRow{"ListObjectsV2", "ListBucket"},
    ActionRow{"ListParts", "ListMultipartUploadParts"},
    ActionRow{"PutBucketAccelerateConfiguration", "PutAccelerateConfiguration"},
    ActionRow{"PutBucketAnalyticsConfiguration", "PutAnalyticsConfiguration"},
    ActionRow{"PutBucketCors", "PutBucketCORS"},
    ActionRow{"PutBucketEncryption", "PutEncryptionConfiguration"},
    ActionRow{"PutBucketIntelligentTieringConfiguration", "PutIntelligentTieringConfiguration"},
    ActionRow{"PutBucketInventoryConfiguration", "PutInventoryConfiguration"},
    ActionRow{"PutBucketLifecycleConfiguration", "PutLifecycleConfiguration"},
    ActionRow{"PutBucketMetricsConfiguration", "PutMetricsConfiguration"},
    ActionRow{"PutBucketNotificationConfiguration", "PutBucketNotification"},
    ActionRow{"PutBucketReplication", "PutReplicationConfiguration"},
    ActionRow{"PutObject", "s3:PutObjectAcl", "", "ACL"},
    ActionRow{"PutObject", "s3:PutObjectTagging", "", "Tagging"},
    ActionRow{"PutObjectAcl", "PutObjectVersionAcl", "", "VersionId"},
    ActionRow{"PutObjectLockConfiguration", "PutBucketObjectLockConfiguration"},
    ActionRow{"PutObjectTagging", "PutObjectVersionTagging", "", "VersionId"},
    ActionRow{"PutPublicAccessBlock", "PutBucketPublicAccessBlock"},
    ActionRow{"RenameObject", "PutObject"},
    ActionRow{"RenameObject", "s3:GetObject", "arn:aws:s3:::{Bucket}/{RenameSource|source}"},
    ActionRow{"SelectObjectContent", "GetObject"},
    ActionRow{"UploadPart", "PutObject"},
    ActionRow{"UploadPartCopy", "PutObject"},
    ActionRow{"UploadPartCopy", "s3:GetObject", "arn:aws:s3:::{CopySource|source}"},
};
constexpr std::array<std::string_view, 2> s3_resources{"arn:aws:s3:::{Bucket}/{Key}",
                                                       "arn:aws:s3:::{Bucket}"};
constexpr std::array s3_keys{
    KeyRow{"s3:prefix", "{Prefix}"},
    KeyRow{"s3:delimiter", "{Delimiter}"},
    KeyRow{"s3:max-keys", "{MaxKeys}"},
    KeyRow{"s3:x-amz-acl", "{ACL}"},
    KeyRow{"s3:x-amz-copy-source", "{CopySource}"},
    KeyRow{"s3:x-amz-server-side-encryption", "{ServerSideEncryption}"},
    KeyRow{"s3:x-amz-server-side-encryption-aws-kms-key-id", "{SSEKMSKeyId}"},
    KeyRow{"s3:x-amz-storage-class", "{StorageClass}"},
    KeyRow{"s3:VersionId", "{VersionId}"},
};

/// Of the account's block of public access, `Account` is in the action's name.
constexpr std::array s3control_rows{
    ActionRow{"DeletePublicAccessBlock", "PutAccountPublicAccessBlock", "*"},
    ActionRow{"GetPublicAccessBlock", "GetAccountPublicAccessBlock", "*"},
    ActionRow{"ListAccessPoints", "", "*"},
    ActionRow{"PutPublicAccessBlock", "PutAccountPublicAccessBlock", "*"},
};
constexpr std::array<std::string_view, 2> s3control_resources{
    "arn:aws:s3:{$region}:{$account}:accesspoint/{Name}", "{ResourceArn}"};

}  // namespace

extern const ServiceActions s3_actions;
constinit const ServiceActions s3_actions{"s3", "s3", s3_rows, s3_resources, s3_keys};
extern const ServiceActions s3control_actions;
constinit const ServiceActions s3control_actions{"s3control", "s3", s3control_rows, s3control_resources};

}  // namespace aviary::iam
