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
        new("GET", "/health", Audience.Anyone),
        new("GET", "/repo/{**path}", Audience.Anyone),
        new("HEAD", "/repo/{**path}", Audience.Anyone),
        new("GET", "/.well-known/est/cacerts", Audience.Anyone),
        new("GET", "/.well-known/oauth-protected-resource", Audience.Anyone),
        new("POST", "/.well-known/est/simplereenroll", Audience.RenewingDevice),
        new("POST", $"{Api}/check-in", Audience.Device),

        new("GET", $"{Api}/whoami", Audience.Person),
        new("GET", $"{Api}/releases", Audience.Person, Readers | Role.Publisher, ScopeRule.ListOfProducts),
        new("GET", $"{Api}/packs", Audience.Person, Readers | Role.Publisher, ScopeRule.ListOfProducts),
        new("POST", $"{Api}/publications", Audience.Person, Role.Publisher, ScopeRule.Whole),
        new("GET", $"{Api}/enrolments", Audience.Person, Role.Publisher | Role.Administrator | Role.Auditor, ScopeRule.List),
        new("POST", $"{Api}/enrolments/{{request}}/certificate", Audience.Person, Role.Publisher, ScopeRule.One),
        new("POST", $"{Api}/enrolments/{{request}}/refusal", Audience.Person, Role.Publisher, ScopeRule.One),

        new("GET", $"{Api}/devices", Audience.Person, Readers, ScopeRule.List),
        new("PUT", $"{Api}/devices/{{device}}/traits", Audience.Person, Role.Operator | Role.Administrator, ScopeRule.One),
        new("GET", $"{Api}/device-revocations", Audience.Person, Role.Operator | Role.Administrator | Role.Auditor, ScopeRule.List),
        new("POST", $"{Api}/devices/{{device}}/revocation", Audience.Person, Role.Administrator, ScopeRule.One),
        new("DELETE", $"{Api}/devices/{{device}}/revocation", Audience.Person, Role.Administrator, ScopeRule.One),

        new("GET", $"{Api}/rollouts", Audience.Person, Readers, ScopeRule.List),
        new("POST", $"{Api}/rollouts", Audience.Person, Role.Operator, ScopeRule.New),
        new("GET", $"{Api}/rollouts/{{id}}", Audience.Person, Readers, ScopeRule.Touched),
        new("PUT", $"{Api}/rollouts/{{id}}", Audience.Person, Role.Operator, ScopeRule.One),
        new("GET", $"{Api}/rollouts/{{id}}/plan", Audience.Person, Readers, ScopeRule.Touched),
        new("GET", $"{Api}/rollouts/{{id}}/decisions", Audience.Person, Readers, ScopeRule.Touched),
        new("POST", $"{Api}/rollouts/{{id}}/approve", Audience.Person, Role.Approver, ScopeRule.One),
        new("POST", $"{Api}/rollouts/{{id}}/start", Audience.Person, Role.Operator, ScopeRule.One),
        new("POST", $"{Api}/rollouts/{{id}}/pause", Audience.Person, Role.Operator, ScopeRule.Touched),
        new("POST", $"{Api}/rollouts/{{id}}/resume", Audience.Person, Role.Operator, ScopeRule.One),
        new("POST", $"{Api}/rollouts/{{id}}/cancel", Audience.Person, Role.Operator, ScopeRule.One),
        new("POST", $"{Api}/rollouts/{{id}}/abort", Audience.Person, Role.Operator, ScopeRule.One),

        new("GET", $"{Api}/operators", Audience.Person, Role.Administrator | Role.Auditor, ScopeRule.Whole),
        new("PUT", $"{Api}/operators/{{name}}", Audience.Person, Role.Administrator, ScopeRule.Whole),
        new("DELETE", $"{Api}/operators/{{name}}", Audience.Person, Role.Administrator, ScopeRule.Whole),
        new("GET", $"{Api}/operators/{{name}}/tokens", Audience.Person, Role.Administrator | Role.Auditor, ScopeRule.Whole),
        new("POST", $"{Api}/operators/{{name}}/tokens", Audience.Person, Role.Administrator, ScopeRule.Whole),
        new("DELETE", $"{Api}/operators/{{name}}/tokens/{{id}}", Audience.Person, Role.Administrator, ScopeRule.Whole),
        new("GET", $"{Api}/access-decisions", Audience.Person, Role.Administrator | Role.Auditor, ScopeRule.Whole),
        new("GET", $"{Api}/audit/log/{{**path}}", Audience.Person, Role.Administrator | Role.Auditor, ScopeRule.Whole),
        new("GET", $"{Api}/audit/tree-head", Audience.Person, Role.Publisher | Role.Administrator | Role.Auditor, ScopeRule.Whole),
        new("POST", $"{Api}/audit/checkpoints", Audience.Person, Role.Publisher, ScopeRule.Whole),
        new("GET", $"{Api}/alarms", Audience.Person, Readers, ScopeRule.List),
        new("GET", $"{Api}/webhooks", Audience.Person, Role.Operator | Role.Administrator | Role.Auditor, ScopeRule.Whole),
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

    private static string Words(ScopeRule scope) => scope switch
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
