using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Repository;

namespace Fota.Signer.Ceremony;

/// <summary>Which roles a key ever signed for, by every root and targets file of the repository: devices and boot loaders in the field may have seen no newer one.</summary>
internal sealed class FormerRoles
{
    private readonly ILookup<string, string> _roles;
    private readonly HashSet<string> _logKeys;

    private FormerRoles(IEnumerable<(string Label, string Role)> roles, IEnumerable<string> logKeys)
    {
        _roles = roles.Distinct().ToLookup(static role => role.Label, static role => role.Role, StringComparer.Ordinal);
        _logKeys = new HashSet<string>(logKeys, StringComparer.Ordinal);
    }

    /// <summary>Of a home that is yet to be made.</summary>
    public static FormerRoles None { get; } = new([], []);

    /// <summary>The roles of a key, past and present.</summary>
    public IEnumerable<string> Of(string label) => _roles[label];

    /// <summary>Whether the key signed the log under a name that it has no more.</summary>
    public bool SignedLog(string label) => _logKeys.Contains(label);

    /// <summary>Reads the repository of a home. What it says is shown to people, and decides nothing.</summary>
    public static FormerRoles Read(HomeFolder folder)
    {
        SignerSettings settings = folder.ReadSettings();
        RepositoryFolder repository = new(folder.Repository);
        RepositoryState state = repository.ReadState();
        IEnumerable<(string Role, RoleKeys Keys)> roots = RepositoryHistory.Roots(repository, state)
            .SelectMany(static root => new[] { (RolesSettings.RootName, root.Root), (RolesSettings.TargetsName, root.Targets), (RolesSettings.SnapshotName, root.Snapshot), (RolesSettings.TimestampName, root.Timestamp) });
        IEnumerable<(string Role, RoleKeys Keys)> products = RepositoryHistory.Targets(repository, state)
            .SelectMany(static targets => targets.Delegations)
            .Select(static role => (role.Name, role.Keys));
        return new FormerRoles(
            roots.Concat(products).SelectMany(static role => role.Keys.Keys, (role, key) => (settings.LabelOf(key.Id), role.Role)),
            settings.Logs.SkipLast(1).Select(static log => log.Key));
    }
}
