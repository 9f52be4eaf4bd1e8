using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;
using Fota.Manifest.Log;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.Signer.Keys;
using Fota.Signer.Log;
using Fota.Signer.Repository;

namespace Fota.Signer.Approval;

/// <summary>What create, reissue, approve and publish share: one product of an open home, one key, and the state they act on.</summary>
internal sealed class ReleaseWorkshop
{
    private readonly JournalledSigner _signer;

    public ReleaseWorkshop(SignerHome home, OpenedKey key, ProductName product, DateTimeOffset now)
    {
        Home = home;
        Key = key;
        Settings = home.Settings.Product(product);
        Now = now;
        _signer = home.Signer;
        Repository = new RepositoryFolder(home.Folder.Repository);
        State = Repository.ReadState();
        Role = ProductRole.Load(Repository, State, RepositoryTrust.Load(Repository, State, now), product, Settings.HashBins);
        if (!Role.Keys.Keys.Contains(key.Key.PublicKey))
        {
            throw new SignerRefusalException($"key '{key.Key.Label}' is no key of product {product}; it has {string.Join(", ", Settings.Keys)}");
        }

        ReleaseDraft.RemovePublished(home.Folder, Role);
    }

    public SignerHome Home { get; }

    public OpenedKey Key { get; }

    public ProductSettings Settings { get; }

    public DateTimeOffset Now { get; }

    public RepositoryFolder Repository { get; }

    public RepositoryState State { get; }

    public ProductRole Role { get; }

    /// <summary>Enters into the log what this key does with a release. It comes before the files that it tells of: a process that is killed in between leaves an entry too many, never one too few.</summary>
    public void Enter(string kind, UpdateManifest manifest, Sha256Digest digest, params ReadOnlySpan<(string Name, object? Value)> further) => Home.Log.Append(new LogEvent(
        kind,
        Key.Key.Label,
        $"{Role.Product} {manifest.ReleaseVersion}",
        [
            ("manifest", digest),
            ("sequence", manifest.Sequence.Value),
            ("security_version", manifest.SecurityVersion.Value),
            ("images", string.Join(", ", manifest.Components.SelectMany(static component => component.Images.All).Select(static image => $"{image.ImageDigest} ({image.ImageSize} bytes)"))),
            ("sbom", manifest.SbomDigest),
            ("overrides_gates", manifest.GateOverride.Gates.Count == 0 ? null : manifest.GateOverride),
            .. further,
        ]));

    /// <summary>Runs a step of a release; that it was refused is entered into the log, by whomever and why.</summary>
    public T Step<T>(string step, ReleaseVersion version, Func<T> run)
    {
        try
        {
            return run();
        }
        catch (Exception e) when (e is SignerRefusalException or RejectedException)
        {
            _ = Home.Log.Append(new LogEvent(LogKinds.ReleaseRefused, Key.Key.Label, $"{Role.Product} {version}", ("step", step), ("reason", e.Message)));
            throw;
        }
    }

    /// <summary>Adds the opened key's signature to the envelope.</summary>
    public SignedEnvelope Sign(SignedEnvelope envelope, ReleaseVersion version)
    {
        VerificationKey key = Key.Key.PublicKey;
        return envelope.WithSignature(key, _signer.Sign(Key.Key, SigningPurpose.SuitManifest, $"{Role.Product} {version}", envelope.ToBeSigned(key)));
    }

    /// <summary>Signs the bytes of the product's next role, or of a bin of it.</summary>
    public MetadataSignature SignRole(RoleDocument role, ReadOnlySpan<byte> bytes) =>
        MetadataSignature.From(Key.Key.PublicKey, _signer.Sign(Key.Key, SigningPurpose.ProductRole, $"{role.Role} role {role.Content.Version}", bytes));

    /// <summary>
    /// Promise P6: the author of a release is never its approver, which means another key, and a key on another token (whoever holds a token's PIN
    /// holds all of its keys).
    /// </summary>
    public void DemandOtherPerson(VerificationKey author)
    {
        KeySettings? settings = Home.Settings.Keys.FirstOrDefault(key => string.Equals(key.KeyId, author.Id.ToString(), StringComparison.Ordinal));
        if (settings is null)
        {
            throw new SignerRefusalException($"the author's key {author.Id} is unknown to this home, so that nobody can say on whose token it is: bring its settings up to date (`fota-signer approval home --update`)");
        }

        if (author.Equals(Key.Key.PublicKey) || string.Equals(settings.Serial, Key.Token.Serial, StringComparison.Ordinal))
        {
            throw new SignerRefusalException($"key '{Key.Key.Label}' on token '{Key.Token.Label}' is the author's of this release, and the author never approves");
        }
    }

    /// <summary>Whose the first signature of the envelope is: the author's.</summary>
    public VerificationKey AuthorOf(SignedEnvelope envelope)
    {
        ReadOnlyMemory<byte>? claimed = envelope.Signatures.Count > 0 ? envelope.Signatures[0].ClaimedKeyId : null;
        return claimed is { } id && Role.Keys.Keys.FirstOrDefault(key => key.Id.Thumbprint.Bytes.SequenceEqual(id.Span)) is { } author && envelope.IsSignedBy(author)
            ? author
            : throw new SignerRefusalException($"draft: wanted an envelope that is first signed by a key of product {Role.Product}, got another");
    }
}
