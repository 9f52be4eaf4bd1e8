using Fota.UpdateServer.People;

namespace Fota.UpdateServer.Api.Access;

/// <summary>
/// Who may do what: every endpoint of this server, once. The server does not start with an endpoint that is not here (<see cref="AccessConvention"/>);
/// docs/spec/access.md shows the same table, and a test walks it for every role.
/// </summary>
internal static class AccessTable
{
    private const Role Readers = Role.Viewer | Role.Operator | Role.Approver | Role.Administrator | Role.Auditor;

    private const string Api = "/api/v1";

    public static IReadOnlyList<AccessRow> Rows { get; } =
    [
        new("GET", "/health", Audience.Anyone) { What = "Whether the process lives." },
        new("GET", "/health/ready", Audience.Anyone) { What = "Whether it should be sent requests, and what is wrong." },
        new("GET", "/repo/{**path}", Audience.Anyone) { What = "A published file: metadata, a manifest, a chunk table, a pack or a part of one, or the log." },
        new("HEAD", "/repo/{**path}", Audience.Anyone) { What = "Length and digest of a published file." },
        new("GET", "/.well-known/est/cacerts", Audience.Anyone) { What = "The authorities of devices (RFC 7030, 4.1)." },
        new("GET", "/.well-known/oauth-protected-resource", Audience.Anyone) { What = "Where people log in (RFC 9728)." },
        new("POST", "/.well-known/est/simplereenroll", Audience.RenewingDevice) { What = "A request for a new certificate (RFC 7030, 4.2.2)." },
        new("POST", $"{Api}/check-in", Audience.Device) { What = "A signed report of a device; the answer says what to do and when to come again (device-api.md)." },

        new("GET", $"{Api}/whoami", Audience.Person) { What = "Who asks, and over what they have which role." },
        new("GET", $"{Api}/openapi.json", Audience.Person) { What = "This document." },
        new("GET", $"{Api}/releases", Audience.Person, Readers | Role.Publisher, ScopeRule.ListOfProducts) { What = "The published releases." },
        new("GET", $"{Api}/packs", Audience.Person, Readers | Role.Publisher, ScopeRule.ListOfProducts) { What = "The delta packs: made, wanted, failed." },
        new("POST", $"{Api}/publications", Audience.Person, Role.Publisher, ScopeRule.Whole) { What = "A publication as a tar of signed files: proven, and then visible as a whole (repository.md)." },
        new("GET", $"{Api}/enrolments", Audience.Person, Role.Publisher | Role.Administrator | Role.Auditor, ScopeRule.List) { What = "Requests of devices for certificates that wait for an answer." },
        new("POST", $"{Api}/enrolments/{{request}}/certificate", Audience.Person, Role.Publisher, ScopeRule.One) { What = "The certificate that a device asked for." },
        new("POST", $"{Api}/enrolments/{{request}}/refusal", Audience.Person, Role.Publisher, ScopeRule.One) { What = "That a device gets none." },

        new("GET", $"{Api}/fleet/status", Audience.Person, Readers, ScopeRule.List) { What = "How the fleet is, in numbers, by product." },
        new("GET", $"{Api}/devices", Audience.Person, Readers, ScopeRule.List) { What = "The devices that ever checked in, in the order of their names, by pages; with what each said last." },
        new("GET", $"{Api}/devices/{{device}}", Audience.Person, Readers, ScopeRule.One) { What = "One device, and what it said last." },
        new("PUT", $"{Api}/devices/{{device}}/traits", Audience.Person, Role.Operator | Role.Administrator, ScopeRule.One) { What = "Says where a device stands and what it is, in place of all that was said before." },
        new("PATCH", $"{Api}/devices/{{device}}/traits", Audience.Person, Role.Operator | Role.Administrator, ScopeRule.One) { What = "Says some of it otherwise: what is left out stays, an empty text takes back." },
        new("PUT", $"{Api}/devices/{{device}}/product", Audience.Person, Role.Administrator, ScopeRule.One) { What = "Says of which product a name is. What a device of another product left under it is given up." },
        new("GET", $"{Api}/device-revocations", Audience.Person, Role.Operator | Role.Administrator | Role.Auditor, ScopeRule.List) { What = "The devices that were shut out." },
        new("POST", $"{Api}/devices/{{device}}/revocation", Audience.Person, Role.Administrator, ScopeRule.One) { What = "Shuts a device out, at once." },
        new("DELETE", $"{Api}/devices/{{device}}/revocation", Audience.Person, Role.Administrator, ScopeRule.One) { What = "Lets a device in again that was shut out by its name." },

        new("GET", $"{Api}/rollouts", Audience.Person, Readers, ScopeRule.List) { What = "The rollouts, the oldest first." },
        new("POST", $"{Api}/rollouts", Audience.Person, Role.Operator, ScopeRule.New) { What = "Plans a rollout (rollouts.md). Nothing happens until it is started." },
        new("POST", $"{Api}/rollout-simulations", Audience.Person, Role.Operator | Role.Approver, ScopeRule.New) { What = "What a plan comes to on a simulated fleet of at most 10,000 devices. Nothing is kept of it." },
        new("GET", $"{Api}/rollouts/{{id}}", Audience.Person, Readers, ScopeRule.Touched) { What = "A rollout and how far it is." },
        new("PUT", $"{Api}/rollouts/{{id}}", Audience.Person, Role.Operator, ScopeRule.One) { What = "Another plan in place of a draft's; approvals of the one before are void." },
        new("GET", $"{Api}/rollouts/{{id}}/plan", Audience.Person, Readers, ScopeRule.Touched) { What = "The plan's canonical text, whose digest an approval names." },
        new("GET", $"{Api}/rollouts/{{id}}/decisions", Audience.Person, Readers, ScopeRule.Touched) { What = "What was decided, by whom and on which figures." },
        new("POST", $"{Api}/rollouts/{{id}}/approve", Audience.Person, Role.Approver, ScopeRule.One) { What = "Agrees to a draft of somebody else: to this release by this plan." },
        new("POST", $"{Api}/rollouts/{{id}}/start", Audience.Person, Role.Operator, ScopeRule.One) { What = "Starts a draft." },
        new("POST", $"{Api}/rollouts/{{id}}/pause", Audience.Person, Role.Operator, ScopeRule.Touched) { What = "Stops grants at once; installations under way finish." },
        new("POST", $"{Api}/rollouts/{{id}}/resume", Audience.Person, Role.Operator, ScopeRule.One) { What = "Goes on after a pause." },
        new("POST", $"{Api}/rollouts/{{id}}/cancel", Audience.Person, Role.Operator, ScopeRule.One) { What = "Ends a rollout without a verdict." },
        new("POST", $"{Api}/rollouts/{{id}}/abort", Audience.Person, Role.Operator, ScopeRule.One) { What = "Ends a rollout as failed." },

        new("GET", $"{Api}/operators", Audience.Person, Role.Administrator | Role.Auditor, ScopeRule.Whole) { What = "People, their roles, and what they are known by." },
        new("PUT", $"{Api}/operators/{{name}}", Audience.Person, Role.Administrator, ScopeRule.Whole) { What = "Makes somebody known, in place of all that was said of them before." },
        new("DELETE", $"{Api}/operators/{{name}}", Audience.Person, Role.Administrator, ScopeRule.Whole) { What = "Lets no credential speak for somebody any more." },
        new("GET", $"{Api}/operators/{{name}}/tokens", Audience.Person, Role.Administrator | Role.Auditor, ScopeRule.Whole) { What = "Somebody's tokens, without their secrets." },
        new("POST", $"{Api}/operators/{{name}}/tokens", Audience.Person, Role.Administrator, ScopeRule.Whole) { What = "Makes a token. It is in this answer, and in no other." },
        new("DELETE", $"{Api}/operators/{{name}}/tokens/{{id}}", Audience.Person, Role.Administrator, ScopeRule.Whole) { What = "Takes a token back, for good." },
        new("GET", $"{Api}/access-decisions", Audience.Person, Role.Administrator | Role.Auditor, ScopeRule.Whole) { What = "Who gave what to whom, the newest first." },
        new("GET", $"{Api}/audit/log/{{**path}}", Audience.Person, Role.Administrator | Role.Auditor, ScopeRule.Whole) { What = "A part of the server's own log, in tlog-tiles layout (server-log.md)." },
        new("GET", $"{Api}/audit/tree-head", Audience.Person, Role.Publisher | Role.Administrator | Role.Auditor, ScopeRule.Whole) { What = "The head of the log's tree now, with a proof that it grew from an older one (server-log.md)." },
        new("POST", $"{Api}/audit/checkpoints", Audience.Person, Role.Publisher, ScopeRule.Whole) { What = "A checkpoint that the signer signed for the log." },
        new("GET", $"{Api}/alarms", Audience.Person, Readers, ScopeRule.List) { What = "What somebody should look at, the newest first, by pages (alarms.md)." },
        new("GET", $"{Api}/webhooks", Audience.Person, Role.Operator | Role.Administrator | Role.Auditor, ScopeRule.Whole) { What = "The receivers of webhooks, and how far each is behind (webhooks.md)." },
    ];

    /// <summary>The row of an endpoint; null where nobody said who may do it.</summary>
    public static AccessRow? Find(string method, string pattern) => Rows.FirstOrDefault(row => row.Method == method && row.Pattern == pattern);

    /// <summary>The table as the documents show it.</summary>
    public static IEnumerable<string> Markdown() =>
    [
        $"| endpoint | {string.Join(" | ", RoleNames.Each.Select(RoleNames.NameOf))} | others | scope |",
        $"|---|{string.Concat(RoleNames.Each.Select(static _ => "---|"))}---|---|",
        .. Rows.Select(static row =>
            $"| `{row.Method} {row.Pattern}` | {string.Join(" | ", RoleNames.Each.Select(role => row.Audience == Audience.Person && (row.Roles == Role.None || row.Roles.HasFlag(role)) ? "yes" : "-"))} | {Others(row)} | {Words(row.Scope)} |"),
    ];

    private static string Others(AccessRow row) => row.Audience switch
    {
        Audience.Anyone => "anyone",
        Audience.Device => "device",
        Audience.RenewingDevice => "device, as I-16 says",
        _ => row.Roles == Role.None ? "person without a role" : "-",
    };

    public static string Words(ScopeRule scope) => scope switch
    {
        ScopeRule.ListOfProducts => "list, by product",
        ScopeRule.List => "list",
        ScopeRule.One => "one",
        ScopeRule.Touched => "touched",
        ScopeRule.New => "new",
        ScopeRule.Whole => "whole",
        _ => "-",
    };
}
