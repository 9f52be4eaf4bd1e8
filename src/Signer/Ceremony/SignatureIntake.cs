using Fota.Manifest.Encoding;
using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;
using Fota.Manifest.Log;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.Signer.Log;
using Fota.Signer.Roles;

namespace Fota.Signer.Ceremony;

/// <summary>Adds to the change of a ceremony what a key signed on another machine. Every signature is verified over what this home computed, all of them before the first is kept.</summary>
internal sealed class SignatureIntake(SignerHome home, ChangeDraft draft, CarriedSignatures carried)
{
    private readonly List<Action> _writes = [];

    private HomeFolder Folder => home.Folder;

    /// <param name="by">Who brought them to the service; null for who works in the home itself.</param>
    /// <returns>The label of the key.</returns>
    /// <exception cref="SignerRefusalException">It is of another change, by a stranger's key, or not that key's signature over what there is to sign.</exception>
    public string Accept(string? by = null)
    {
        Demand("ceremony", draft.Change.Request.Ceremony, carried.Ceremony);
        Demand("change", $"{draft.Proposal.Digest}", carried.Change);
        ChangeParties parties = new(Folder, draft);
        VerificationKey key = parties.Find(carried.KeyId) ?? throw parties.NothingToSign(carried.KeyId);
        CeremonyStatement statement = parties.Statement(key);
        DemandSignature(statement.IsSignedBy(carried.Statement), statement.Label, "its statement");
        foreach (SigningPurpose purpose in CeremonyRules.PurposesOf(carried))
        {
            home.Policies.DemandWritten(statement.Label, key, purpose);
        }

        _writes.Add(() => statement.Write(Folder, carried.Statement));
        AcceptPossession(key, statement.Label);
        Dictionary<string, SignedEnvelope> envelopes = AcceptEnvelopes(key, statement.Label);
        AcceptRoles(key, statement.Label, envelopes);
        _ = home.Log.Append(new LogEvent(
            LogKinds.CeremonySigned,
            statement.Label,
            string.Join(", ", draft.Change.Request.Roles),
            ("ceremony", carried.Ceremony),
            ("change", carried.Change),
            ("key_id", key.Id),
            ("roles", string.Join(", ", carried.Roles.Keys)),
            ("envelopes", carried.Envelopes.Count),
            ("brought_by", by)));
        _writes.ForEach(static write => write());
        return statement.Label;
    }

    private static void Demand(string what, string? wanted, string got)
    {
        if (!string.Equals(wanted, got, StringComparison.Ordinal))
        {
            throw new SignerRefusalException($"signatures: {what}: wanted {wanted}, which is on its way here, got {got}");
        }
    }

    private static void DemandSignature(bool isSound, string label, string what)
    {
        if (!isSound)
        {
            throw new SignerRefusalException($"signatures: {what}: wanted a signature of key '{label}' over what is to be signed here, got another");
        }
    }

    private void AcceptPossession(VerificationKey key, string label)
    {
        if (carried.Possession is { } signature)
        {
            KeyPossession possession = draft.Possessions.FirstOrDefault(possession => possession.Key.Equals(key))
                ?? throw new SignerRefusalException($"signatures: wanted no agreement of key '{label}', which is not new to the role, got one");
            DemandSignature(key.IsSignatureOver(possession.Statement, signature), label, "its agreement");
            _writes.Add(() => draft.WritePossession(possession, signature));
        }
    }

    private Dictionary<string, SignedEnvelope> AcceptEnvelopes(VerificationKey key, string label)
    {
        Dictionary<string, SignedEnvelope> accepted = new(StringComparer.Ordinal);
        foreach ((string path, byte[] file) in carried.Envelopes)
        {
            ChangedEnvelope changed = draft.Change.Envelopes.FirstOrDefault(changed => string.Equals(changed.Path, path, StringComparison.Ordinal) && changed.Keys.Keys.Contains(key))
                ?? throw new SignerRefusalException($"signatures: {path}: wanted an envelope that key '{label}' signs in this change, got another");
            SignedEnvelope current = draft.Envelope(path) ?? draft.Change.Published(path), sent = SignedEnvelope.Decode(file).OrThrow();
            DemandSignature(sent.DigestMatches && sent.ClaimedDigest == changed.Manifest && sent.IsSignedBy(key), label, path);

            // A complete envelope stays as it is: its digest may be signed already.
            if (current.IsSignedBy(key) || ProductSigns.Suffices(current, changed.Keys))
            {
                continue;
            }

            SignedEnvelope merged = current.WithSignaturesFrom(sent, [key]);
            accepted.Add(path, merged);
            _writes.Add(() => draft.WriteEnvelope(path, merged));
        }

        return accepted;
    }

    private void AcceptRoles(VerificationKey key, string label, Dictionary<string, SignedEnvelope> envelopes)
    {
        ChangedRole[] roles = [.. draft.Change.TopLevel, .. draft.Change.ProductRoles(path => envelopes.GetValueOrDefault(path) ?? draft.Envelope(path))];
        foreach ((string name, byte[] signature) in carried.Roles)
        {
            ChangedRole role = Array.Find(roles, role => string.Equals(role.Name, name, StringComparison.Ordinal) && role.Quorums.Any(quorum => quorum.Keys.Keys.Contains(key)))
                ?? throw new SignerRefusalException($"signatures: role {name}: wanted a role that key '{label}' signs now in this change, got another: export it again, and have it signed again");
            SignedMetadata drafted = draft.Role(role);
            MetadataSignature added = new(MetadataKeyId.Of(key), signature);
            byte[] file = SignedMetadata.Assemble(role.SignedBytes, [.. drafted.Signatures.Where(other => other.Key != added.Key), added]);
            SignedMetadata signed = SignedMetadata.Decode(file, DecodeLimits.TargetsBytes, MetadataProfile.Fota).OrThrow();
            DemandSignature(new RoleKeys([key], 1).Signers(signed).Count == 1, label, $"role {name} {role.Version}");
            _writes.Add(() => draft.WriteRole(role, file));
        }
    }
}
