using Fota.Interop.Cryptoki;
using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;

namespace Fota.Samples.Demo;

/// <summary>
/// What a thief can make who has the release engineer's token and the online token, with their PINs, but not the approver's: a manifest, a
/// product role that lists it, and snapshot and timestamp that list the role.
/// </summary>
public sealed class Forgery(SignerSite signer, PublishedRepository repository)
{
    private const string Role = SignerSite.Product;

    /// <summary>The forged files by repository path.</summary>
    public IReadOnlyDictionary<string, byte[]> Make(string version)
    {
        using CryptokiLibrary library = CryptokiLibrary.Load(Site.Module);
        using Token engineer = Open(library, "release");
        using Token online = Open(library, "online");
        Dictionary<string, byte[]> files = new(StringComparer.Ordinal);

        UpdateManifest manifest = repository.ManifestOf("1.1.0") with { ReleaseVersion = ReleaseVersion.Parse(version), Sequence = new SequenceNumber(1_000_000) };
        (TokenKey key, VerificationKey publicKey) = KeyOf(engineer, "release");
        SignedEnvelope envelope = SignedEnvelope.Begin(manifest);
        byte[] suit = envelope.WithSignature(publicKey, key.Sign(envelope.ToBeSigned(publicKey))).Bytes.ToArray();
        Sha256Digest suitDigest = Sha256Digest.Of(suit);
        files[$"targets/{Role}/{version}/{suitDigest}.manifest.suit"] = suit;

        TargetsMetadata role = repository.Product();
        Dictionary<string, TargetFile> targets = new(role.Targets, StringComparer.Ordinal) { [PublishedRepository.TargetOf(version)] = new TargetFile(suit.Length, suitDigest) };
        MetaFile roleFile = Add(files, role.Version + 1, Role, new TargetsMetadata(role.Version + 1, role.Expires, targets, []), engineer, "release");

        SnapshotMetadata snapshot = repository.Snapshot();
        Dictionary<string, MetaFile> meta = new(snapshot.Meta, StringComparer.Ordinal) { [$"{Role}.json"] = roleFile };
        MetaFile snapshotFile = Add(files, snapshot.Version + 1, "snapshot", new SnapshotMetadata(snapshot.Version + 1, snapshot.Expires, meta), online, "online");

        // The log that every device pins is named as before; without it devices would refuse the timestamp for that alone.
        TimestampMetadata timestamp = repository.Timestamp();
        Add(files, null, "timestamp", new TimestampMetadata(timestamp.Version + 1, timestamp.Expires, snapshotFile, timestamp.Logs), online, "online");
        return files;
    }

    private static MetaFile Add(Dictionary<string, byte[]> files, long? versionInName, string name, MetadataContent content, Token token, string label)
    {
        (TokenKey key, VerificationKey publicKey) = KeyOf(token, label);
        byte[] signed = content.ToSignedBytes();
        byte[] file = SignedMetadata.Assemble(signed, [MetadataSignature.From(publicKey, key.Sign(signed))]);
        files[versionInName is null ? $"metadata/{name}.json" : $"metadata/{versionInName}.{name}.json"] = file;
        return new MetaFile(content.Version, file.Length, Sha256Digest.Of(file));
    }

    private static (TokenKey Key, VerificationKey PublicKey) KeyOf(Token token, string label)
    {
        TokenKey key = token.FindKey(label);
        return (key, VerificationKey.FromSubjectPublicKeyInfo(key.SubjectPublicKeyInfo));
    }

    private Token Open(CryptokiLibrary library, string label)
    {
        using Pin pin = Pin.FromUtf8(File.ReadAllBytes(signer.Pin(label)));
        return Token.Open(library, label, pin);
    }
}
