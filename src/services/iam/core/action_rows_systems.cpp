#include <array>

#include "services/iam/core/action_map.hpp"

/// What Systems Manager's operations need: names are of other things than parameters in many of them.
/// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
namespace aviary::iam {
namespace {

constexpr std::string_view document = "arn:aws:ssm:{$region}:{$account}:document/{Name}";
constexpr std::string_view tagged =
    "arn:aws:ssm:{$region}:{$account}:{ResourceType|tagged}/{ResourceId|path}";
constexpr std::string_view sync = "arn:aws:ssm:{$region}:{$account}:resource-data-sync/{SyncName}";
constexpr std::string_view association = "arn:aws:ssm:{$region}:{$account}:association/{AssociationId}";

constexpr std::array ssm_rows{
    ActionRow{"AddTagsToResource", "", tagged},
    ActionRow{"CreateAssociation", "", document},
    ActionRow{"CreateAssociationBatch", "", "arn:aws:ssm:{$region}:{$account}:document/{Entries.Name}"},
    ActionRow{"CreateDocument", "", document},
    ActionRow{"CreateMaintenanceWindow", "", "*"},
    ActionRow{"CreatePatchBaseline", "", "*"},
    ActionRow{"CreateResourceDataSync", "", sync},
    ActionRow{"DeleteAssociation", "", association},
    ActionRow{"DeleteDocument", "", document},
    ActionRow{"DeleteResourceDataSync", "", sync},
    ActionRow{"DescribeAssociation", "", association},
    ActionRow{"DescribeDocument", "", document},
    ActionRow{"DescribeDocumentPermission", "", document},
    ActionRow{"GetDocument", "", document},
    ActionRow{"ListDocumentVersions", "", document},
    ActionRow{"ListTagsForResource", "", tagged},
    ActionRow{"ModifyDocumentPermission", "", document},
    ActionRow{"RemoveTagsFromResource", "", tagged},
    ActionRow{"UpdateAssociation", "", association},
    ActionRow{"UpdateDocument", "", document},
    ActionRow{"UpdateDocumentDefaultVersion", "", document},
    ActionRow{"UpdateResourceDataSync", "", sync},
};
constexpr std::array<std::string_view, 7> ssm_resources{
    "arn:aws:ssm:{$region}:{$account}:maintenancewindow/{WindowId}",
    "arn:aws:ssm:{$region}:{$account}:parameter/{Name|path}",
    "arn:aws:ssm:{$region}:{$account}:parameter/{Names|path}",
    "arn:aws:ssm:{$region}:{$account}:parameter/{Path|path}",
    "arn:aws:ssm:{$region}:{$account}:patchbaseline/{BaselineId}",
    "arn:aws:ssm:{$region}:{$account}:association/{AssociationId}",
    "{ResourceArn}",
};

}  // namespace

extern const ServiceActions ssm_actions;
constinit const ServiceActions ssm_actions{"ssm", "ssm", ssm_rows, ssm_resources};

}  // namespace aviary::iam
