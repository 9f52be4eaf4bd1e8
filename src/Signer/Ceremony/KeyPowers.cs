using Fota.Signer.Home;

namespace Fota.Signer.Ceremony;

/// <summary>Who signs for what, as a ceremony will leave it: of a plan, or of a home's settings.</summary>
internal sealed record Policy(
    IReadOnlyList<(string Label, string Token)> Keys,
    RolesSettings Roles,
    IReadOnlyList<(string Name, RoleSettings Role)> Products,
    IReadOnlyList<AuthoritySettings> Authorities,
    string LogKey)
{
    public static Policy Of(CeremonyPlan plan) => new(
        [.. plan.Keys.Select(static key => (key.Label, key.Token))],
        new RolesSettings(plan.Root, plan.Targets, plan.Snapshot, plan.Timestamp),
        [.. plan.Products.Select(static product => (product.Name.ToString(), product.Role))],
        [.. plan.Authorities.Select(static authority => new AuthoritySettings(authority.Profile, authority.Key))],
        plan.Log.Key);

    public static Policy Of(SignerSettings settings) => new(
        [.. settings.Keys.Select(static key => (key.Label, key.Token))],
        settings.Roles,
        [.. settings.Products.Select(static product => (product.Name, product.Role))],
        settings.Authorities,
        settings.Log.Key);

    /// <summary>Every role, top-level ones first.</summary>
    public IEnumerable<(string Name, RoleSettings Role)> AllRoles => RolesSettings.Names.Select(name => (name, Roles.Find(name)!)).Concat(Products);
}

/// <summary>What a key can do: the roles that it signs for, with how many others, and what whoever holds it alone can do.</summary>
/// <param name="Label">The key.</param>
/// <param name="Token">The token it is on.</param>
/// <param name="Roles">What it signs for.</param>
/// <param name="Authorities">Profiles of the certificate authorities that are this key's.</param>
/// <param name="SignsLog">Whether it signs the checkpoints of the log.</param>
/// <param name="Alone">What whoever holds it, and no other key, can do, in plain words.</param>
/// <param name="IsRevoked">Whether it could do something before the ceremony, and can do nothing afterwards.</param>
internal sealed record KeyPowers(string Label, string Token, IReadOnlyList<RolePower> Roles, IReadOnlyList<string> Authorities, bool SignsLog, string Alone, bool IsRevoked)
{
    private const string Nothing = "nothing";

    /// <summary>What each key can do afterwards.</summary>
    /// <param name="after">Who signs for what then.</param>
    /// <param name="before">Who does now; null if there is nothing yet.</param>
    /// <param name="former">Who did at any time, as signed metadata says.</param>
    public static IReadOnlyList<KeyPowers> Of(Policy after, Policy? before, FormerRoles former) => [.. after.Keys.Select(key => Of(key, after, before, former))];

    private static KeyPowers Of((string Label, string Token) key, Policy after, Policy? before, FormerRoles former)
    {
        RolePower[] roles = [.. RolesOf(key.Label, after)];
        string[] authorities = [.. AuthoritiesOf(key.Label, after)];
        IEnumerable<string> once = (before is null ? [] : RolesOf(key.Label, before).Select(static role => role.Role)).Concat(former.Of(key.Label));
        string[] gone = [.. once.Except(roles.Select(static role => role.Role), StringComparer.Ordinal).Distinct(StringComparer.Ordinal)];
        bool signsLog = string.Equals(key.Label, after.LogKey, StringComparison.Ordinal), isRevoked = roles.Length + authorities.Length == 0 && !signsLog && gone.Length > 0;
        string[] log = signsLog ? ["show those who read the log another one; no device takes it without the timestamp's key"]
            : former.SignedLog(key.Label) ? ["nothing any more for the log; who reads it under its former name takes what this key signs"] : [];
        string[] words = [.. Words(roles, after), .. authorities.Select(Words), .. log, .. gone.Select(role => Gone(role, after))];
        return new KeyPowers(key.Label, key.Token, roles, authorities, signsLog, words.Length == 0 ? Nothing : string.Join("; ", words), isRevoked);
    }

    private static IEnumerable<RolePower> RolesOf(string label, Policy policy) =>
        policy.AllRoles.Where(role => role.Role.Keys.Contains(label, StringComparer.Ordinal)).Select(static role => new RolePower(role.Name, role.Role.Threshold - 1));

    private static IEnumerable<string> AuthoritiesOf(string label, Policy policy) =>
        policy.Authorities.Where(authority => string.Equals(authority.Key, label, StringComparison.Ordinal)).Select(static authority => authority.Profile);

    /// <summary>What docs/threat-model.md says under "What falls with each key", of this key.</summary>
    private static IEnumerable<string> Words(RolePower[] roles, Policy policy)
    {
        bool isTimestamp = Array.Exists(roles, static role => role.Role == RolesSettings.TimestampName), isSnapshot = Array.Exists(roles, static role => role.Role == RolesSettings.SnapshotName);
        foreach (RolePower role in roles.Where(static role => role.Role is not (RolesSettings.SnapshotName or RolesSettings.TimestampName)))
        {
            bool isProduct = policy.Products.Any(product => string.Equals(product.Name, role.Role, StringComparison.Ordinal));
            yield return role switch
            {
                { OthersNeeded: > 0 } => isProduct
                    ? $"nothing alone; with {Others(role)} of the product, releases of {role.Role}"
                    : $"nothing alone; with {Others(role)} of {role.Role}, {(role.Role == RolesSettings.RootName ? "new keys for every role" : "other keys for every product")}",
                { Role: RolesSettings.TargetsName } => "nothing alone; with the online key, other keys for every product, and so releases of their own",
                _ => $"releases of {role.Role}",
            };
        }

        if (isTimestamp || isSnapshot)
        {
            yield return (isTimestamp, isSnapshot) switch
            {
                (true, true) => "withhold releases until what the other roles signed expires, show one that was withdrawn to devices that have not seen it go, and use up version numbers; make no release",
                (true, false) => "withhold releases until what the other roles signed expires; make no release",
                _ => "nothing alone; with the timestamp key, withhold releases",
            };
        }
    }

    private static string Words(string profile) => profile switch
    {
        "device" => "pose as devices that do not exist",
        "service" => "pose as the update server; make no release",
        _ => $"certificates of profile {profile}: pose as people at the signing service; sign nothing of theirs",
    };

    private static string Gone(string role, Policy after) => after.Products.Any(product => string.Equals(product.Name, role, StringComparison.Ordinal))
        ? $"nothing any more for {role}, at devices that have seen the change; boot loaders that hold it as an anchor count it until a release brings them others"
        : $"nothing any more for {role}, at devices that have seen the change";

    private static string Others(RolePower role) => role.OthersNeeded == 1 ? "1 other key" : $"{role.OthersNeeded} other keys";
}

/// <summary>A role that a key signs for.</summary>
/// <param name="Role">Its name.</param>
/// <param name="OthersNeeded">How many other keys of the role have to sign with it.</param>
internal sealed record RolePower(string Role, int OthersNeeded);
