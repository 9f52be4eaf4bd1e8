using System.Text.Json;
using Fota.Signer.Home;
using Fota.Signer.Keys.Policies;
using Fota.Signer.Roles;

namespace Fota.Signer.Ceremony;

/// <summary>What a ceremony would change, and what each key can do afterwards: read from its file and, for a change, the home. It needs no key and changes nothing.</summary>
/// <param name="Ceremony">SHA-256 of the file.</param>
/// <param name="Kind">"create" or "change".</param>
/// <param name="Reason">Why; null for a ceremony that makes keys.</param>
/// <param name="Effects">What would be made or changed, line by line.</param>
/// <param name="Change">The digest of the change, once it has begun in this home; null before.</param>
/// <param name="Wanted">Whose signatures it wants, once it has begun.</param>
/// <param name="Keys">What each key can do afterwards.</param>
/// <param name="Warnings">What its reviewers should think of.</param>
/// <param name="Held">When it was held, if it was; nothing would change then.</param>
internal sealed record CeremonyOutlook(
    string Ceremony,
    string Kind,
    string? Reason,
    IReadOnlyList<string> Effects,
    string? Change,
    IReadOnlyList<string> Wanted,
    IReadOnlyList<KeyPowers> Keys,
    IReadOnlyList<string> Warnings,
    string? Held)
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.General) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public string ToJson() => JsonSerializer.Serialize(this, s_options) + "\n";

    public static CeremonyOutlook OfCreate(CeremonyFile file)
    {
        CeremonyPlan plan = file.Create!;
        Policy after = Policy.Of(plan);
        string[] made =
        [
            .. plan.Tokens.Select(token => $"token {token}: {string.Join(", ", plan.Keys.Where(key => string.Equals(key.Token, token, StringComparison.Ordinal)).Select(static key => $"{key.Label} ({key.Algorithm})"))}"),
            .. after.AllRoles.Select(static role => $"role {role.Name}: {role.Role.Threshold} of {string.Join(", ", role.Role.Keys)}, good for {role.Role.ExpiresDays} days"),
            .. plan.Products.Select(static product => $"product {product.Name}: {product.ClassName} of {product.VendorDomain}, chunks of {product.ChunkSize} bytes{(product.HashBins == 0 ? "" : $", {product.HashBins} hash bins")}{(product.SbomRequired ? ", SBOM required" : "")}"),
            $"log {plan.Log.Origin}: key {plan.Log.Key}",
            .. plan.Authorities.Select(static authority => $"authority {authority.Profile}: {authority.CommonName}, key {authority.Key}, {authority.Years} years"),
        ];
        return new CeremonyOutlook($"{file.Digest}", CeremonyFile.CreateKind, null, made, null, [], KeyPowers.Of(after, null, FormerRoles.None), Warn(after), null);
    }

    /// <exception cref="SignerRefusalException">The change is against the rules, or another one is on its way.</exception>
    public static CeremonyOutlook OfChange(CeremonyFile file, TimeProvider clock, HomeFolder folder)
    {
        DateTimeOffset now = clock.GetUtcNow();
        if (Directory.Exists(folder.Installing))
        {
            throw new SignerRefusalException($"{folder.Root}: a change was decided, and its installation broke off: `fota-signer role list --home {folder.Root}` completes it");
        }

        ChangePlan plan = file.Change!;
        SignerSettings settings = folder.ReadSettings();
        FormerRoles former = FormerRoles.Read(folder);
        if (HeldCeremony.Find(folder, file.Digest) is { } held)
        {
            return new CeremonyOutlook($"{file.Digest}", CeremonyFile.ChangeKind, plan.Reason, [], null, [], KeyPowers.Of(Policy.Of(settings), Policy.Of(settings), former), [], held.Summary);
        }

        ChangeDraft? draft = ChangeDraft.Find(folder, settings, now);
        if (draft is not null)
        {
            plan.DemandOwn(draft.Proposal);
        }

        RoleChange change = draft?.Change ?? RoleChange.Plan(folder, settings, plan.ToRequest(now), now);
        CeremonyRules.Demand(plan, change, new KeyPolicies(folder, clock), now);
        Policy after = Policy.Of(change.After);
        return new CeremonyOutlook(
            $"{file.Digest}",
            CeremonyFile.ChangeKind,
            plan.Reason,
            change.Effects,
            draft?.Proposal.Digest.ToString(),
            draft is null ? [] : new ChangeParties(folder, draft).Missing(),
            KeyPowers.Of(after, Policy.Of(settings), former),
            Warn(after),
            null);
    }

    /// <summary>The same for people.</summary>
    public IEnumerable<string> ToLines()
    {
        yield return $"ceremony: {Ceremony}";
        if (Reason is not null)
        {
            yield return $"reason: {Reason.ReplaceLineEndings(" ")}";
        }

        if (Held is not null)
        {
            yield return $"held: {Held}";
            yield break;
        }

        foreach (string line in Effects.Where(line => line != $"ceremony: {Ceremony}").Concat(Wanted.Select(static wanted => $"wanted: {wanted}")))
        {
            yield return line;
        }

        if (Change is not null)
        {
            yield return $"change: {Change}";
        }

        yield return "afterwards, whoever holds this key and no other can do:";
        int label = Keys.Max(static key => key.Label.Length), signs = Keys.Max(static key => Signs(key).Length);
        foreach (KeyPowers key in Keys)
        {
            yield return $"  {key.Label.PadRight(label)}  {Signs(key).PadRight(signs)}  {key.Alone}";
        }

        foreach (IGrouping<string, KeyPowers> token in Keys.GroupBy(static key => key.Token, StringComparer.Ordinal).Where(static token => token.Count() > 1))
        {
            yield return $"  one token, one PIN: {string.Join(", ", token.Select(static key => key.Label))}";
        }

        foreach (string warning in Warnings)
        {
            yield return $"warning: {warning}";
        }
    }

    // The online role has one key by design: who loses it makes another with root's.
    private static string[] Warn(Policy after) =>
    [
        .. after.AllRoles.Where(static role => role.Name is RolesSettings.RootName or RolesSettings.TargetsName && role.Role.Threshold > 1 && role.Role.Keys.Count == role.Role.Threshold)
            .Select(static role => $"{role.Name}: no key to spare: {role.Role.Threshold} of {role.Role.Keys.Count} have to sign, and the loss of one {(role.Name == RolesSettings.RootName ? "cannot be mended on devices in the field" : "takes the keys of root to mend")}"),
    ];

    private static string Signs(KeyPowers key)
    {
        string[] signs =
        [
            .. key.Roles.Select(static role => role.OthersNeeded == 0 ? role.Role : $"{role.Role} with {role.OthersNeeded} more"),
            .. key.Authorities.Select(static profile => $"{profile} certificates"),
            .. key.SignsLog ? ["checkpoints of the log"] : Array.Empty<string>(),
        ];
        return $"signs {(signs.Length == 0 ? "nothing" : string.Join(", ", signs))}";
    }
}
