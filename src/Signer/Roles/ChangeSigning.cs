using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.Signer.Keys;

namespace Fota.Signer.Roles;

/// <summary>One person's part in a change: one key signs all that it may sign in it, and nothing else.</summary>
internal sealed class ChangeSigning(SignerHome home, ChangeDraft draft, ITokenKey key, Action<string> show)
{
    private int _signed;

    /// <summary>Signs the envelopes first: with the last of them the product's role can be written, and is signed too.</summary>
    /// <returns>How many signatures were made.</returns>
    public int Run()
    {
        if (!IsEntitled())
        {
            throw new SignerRefusalException($"key '{key.Label}' has nothing to sign in this change; {Wanted()}");
        }

        foreach (KeyPossession possession in draft.Possessions)
        {
            Sign(possession);
        }

        foreach (ChangedEnvelope changed in draft.Change.Envelopes)
        {
            Sign(changed);
        }

        foreach (ChangedRole role in draft.Roles)
        {
            Sign(role);
        }

        return _signed;
    }

    private bool IsEntitled() => draft.Possessions.Any(possession => possession.Key.Equals(key.PublicKey)) || draft.Change.Envelopes.Any(envelope => Speaks(envelope.Keys)) || draft.Roles.Any(role => role.Quorums.Any(quorum => Speaks(quorum.Keys)));

    private string Wanted() => draft.Missing() is { Count: > 0 } missing ? $"it wants {string.Join("; ", missing)}" : "it has all signatures: `fota-signer role apply`";

    private bool Speaks(RoleKeys keys) => keys.Keys.Contains(key.PublicKey);

    private void Sign(KeyPossession possession)
    {
        if (!possession.Key.Equals(key.PublicKey) || draft.IsProven(possession))
        {
            return;
        }

        show($"key {possession.Label} ({possession.Key.Id}): agrees to change {possession.Change}, in which it is new");
        draft.WritePossession(possession, home.Signer.Sign(key, SigningPurpose.KeyPossession, $"change {possession.Change}", possession.Statement));
        _signed++;
    }

    private void Sign(ChangedEnvelope changed)
    {
        SignedEnvelope envelope = draft.Envelope(changed.Path) ?? draft.Change.Published(changed.Path);

        // A complete envelope stays as it is: its digest may be signed already.
        if (!Speaks(changed.Keys) || envelope.IsSignedBy(key.PublicKey) || ProductSigns.Suffices(envelope, changed.Keys))
        {
            return;
        }

        UpdateManifest content = envelope.UnverifiedContent().OrThrow();
        show($"{changed.Path}: manifest {changed.Manifest}, sequence {content.Sequence}, image {string.Join(", ", content.Components.SelectMany(static component => component.Images.All).Select(static image => image.ImageDigest))}");
        byte[] signature = home.Signer.Sign(key, SigningPurpose.SuitManifest, changed.Path, envelope.ToBeSigned(key.PublicKey));
        draft.WriteEnvelope(changed.Path, envelope.WithSignature(key.PublicKey, signature));
        _signed++;
    }

    private void Sign(ChangedRole role)
    {
        SignedMetadata drafted = draft.Role(role);
        VerificationKey own = key.PublicKey;
        if (!role.Quorums.Any(quorum => Speaks(quorum.Keys)) || new RoleKeys([own], 1).Signers(drafted).Count > 0)
        {
            return;
        }

        show($"{key.Label} signs {role.Name} {role.Version}");

        // What waited for envelopes was shown without their digests.
        foreach (string line in draft.Change.Envelopes.Count == 0 || draft.Change.TopLevel.Contains(role) ? [] : role.Describe(draft.Change.After))
        {
            show(line);
        }

        MetadataSignature signature = MetadataSignature.From(own, home.Signer.Sign(key, role.Purpose, $"{role.Name} {role.Version}", role.SignedBytes));
        draft.WriteRole(role, SignedMetadata.Assemble(role.SignedBytes, [.. drafted.Signatures.Where(other => other.Key != signature.Key), signature]));
        _signed++;
    }
}
