using System.Text.Json;
using Fota.Signer.Home;
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
internal sealed record CeremonyOutlook(string Ceremony, string Kind, string? Reason, IReadOnlyList<string> Effects, string? Change, IReadOnlyList<string> Wanted, IReadOnlyList<KeyPowers> Keys)
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
            .. plan.Products.Select(static product => $"product {product.Name}: {product.ClassName} of {product.VendorDomain}, chunks of {product.ChunkSize} bytes{(product.HashBins == 0 ? "" : $", {product.HashBins} hash bins")}"),
            $"log {plan.Log.Origin}: key {plan.Log.Key}",
            .. plan.Authorities.Select(static authority => $"authority {authority.Profile}: {authority.CommonName}, key {authority.Key}, {authority.Years} years"),
        ];
        return new CeremonyOutlook($"{file.Digest}", CeremonyFile.CreateKind, null, made, null, [], KeyPowers.Of(after, null));
    }

    /// <exception cref="SignerRefusalException">The change is against the rules, or another one is on its way.</exception>
    public static CeremonyOutlook OfChange(CeremonyFile file, HomeFolder folder, DateTimeOffset now)
    {
        if (Directory.Exists(folder.Installing))
        {
            throw new SignerRefusalException($"{folder.Root}: a change was decided, and its installation broke off: `fota-signer role list --home {folder.Root}` completes it");
        }

        ChangePlan plan = file.Change!;
        SignerSettings settings = folder.ReadSettings();
        ChangeDraft? draft = ChangeDraft.Find(folder, settings, now);
        if (draft is not null)
        {
            plan.DemandOwn(draft.Proposal);
        }

        RoleChange change = draft?.Change ?? RoleChange.Plan(folder, settings, plan.ToRequest(now), now);
        return new CeremonyOutlook(
            $"{file.Digest}",
            CeremonyFile.ChangeKind,
            plan.Reason,
            change.Effects,
            draft?.Proposal.Digest.ToString(),
            draft?.Missing() ?? [],
            KeyPowers.Of(Policy.Of(change.After), Policy.Of(settings)));
    }

    /// <summary>The same for people.</summary>
    public IEnumerable<string> ToLines()
    {
        yield return $"ceremony: {Ceremony}";
        if (Reason is not null)
        {
            yield return $"reason: {Reason.ReplaceLineEndings(" ")}";
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
    }

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
