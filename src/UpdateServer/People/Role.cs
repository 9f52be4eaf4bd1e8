namespace Fota.UpdateServer.People;

/// <summary>What somebody may do here (docs/spec/access.md). None of them contains another: who needs two is given two.</summary>
[Flags]
internal enum Role
{
    None = 0,

    /// <summary>Looks at releases, devices and rollouts.</summary>
    Viewer = 1,

    /// <summary>Plans, starts and stops rollouts, and says where devices stand.</summary>
    Operator = 2,

    /// <summary>Agrees to plans of others.</summary>
    Approver = 4,

    /// <summary>Brings publications, and answers requests for certificates: the signer's machine.</summary>
    Publisher = 8,

    /// <summary>Says who is who, makes and takes back credentials, revokes devices.</summary>
    Administrator = 16,

    /// <summary>Looks at everything, decisions about access included, and changes nothing.</summary>
    Auditor = 32,

    /// <summary>Every one.</summary>
    All = Viewer | Operator | Approver | Publisher | Administrator | Auditor,
}

/// <summary>The names of roles, as they are on the wire and in the documents.</summary>
internal static class RoleNames
{
    /// <summary>Each role by itself, in the order of the documents.</summary>
    public static IReadOnlyList<Role> Each { get; } = [Role.Viewer, Role.Operator, Role.Approver, Role.Publisher, Role.Administrator, Role.Auditor];

    public static string NameOf(Role role) => role.ToString().ToLowerInvariant();

    /// <summary>The names of what is in <paramref name="roles"/>.</summary>
    public static IReadOnlyList<string> NamesOf(Role roles) => [.. Each.Where(role => roles.HasFlag(role)).Select(NameOf)];

    /// <summary>The role with this name; null for none.</summary>
    public static Role? Parse(string name) => Each.Where(role => NameOf(role) == name).Select(static role => (Role?)role).FirstOrDefault();
}
