using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.Manifest.Metadata;
using Fota.Signer.Authority;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.Signer.Keys;
using Fota.Signer.Keys.Policies;
using Fota.Signer.Log;
using Fota.Signer.Repository;

namespace Fota.Signer.Ceremony;

/// <summary>
/// Makes tokens, keys, the first root and targets, the certificate authorities and the home. All of it appears at once, by the last rename.
/// It never signs with a product's keys: a product's role begins with its first release.
/// </summary>
internal sealed class KeyCeremony(SignerHost host, CeremonyPlan plan, string modulePath, string pinFolder, byte[]? keyPolicy)
{
    /// <summary>The first version of every role.</summary>
    private const long First = 1;

    /// <summary>Holds the ceremony.</summary>
    /// <returns>The digest of the transcript, which witnesses write down.</returns>
    public async Task<Sha256Digest> HoldAsync(string directory, CancellationToken cancellation)
    {
        HomeFolder final = new(directory), staged = new(Path.TrimEndingDirectorySeparator(final.Root) + ".incomplete");
        DemandAbsent(final, staged);
        KeyMaking.DemandPins(plan, pinFolder);
        if (keyPolicy is not null)
        {
            KeyPolicyFile.Parse(keyPolicy).DemandLabelsOf(plan.Keys.Select(static key => key.Label));
        }

        DateTimeOffset started = host.Clock.GetUtcNow();
        Directory.CreateDirectory(staged.Root);
        (List<MadeKey> keys, string module) = MakeKeys();
        WriteSettings(staged, keys);
        byte[] transcript;
        using (SignerHome home = await SignerHome.OpenAsync(staged, host, cancellation))
        {
            SignRoles(home, keys, started);
            CertifyAuthorities(home, started);
            transcript = new CeremonyTranscript { Plan = plan.Digest, Module = module, Started = started, Finished = host.Clock.GetUtcNow(), Keys = keys, Files = Digests(staged) }.ToJson();
            SignTranscript(home, transcript);
        }

        if (Directory.Exists(final.Root))
        {
            Directory.Delete(final.Root);
        }

        Directory.Move(staged.Root, final.Root);
        PosixFile.FlushDirectory(Path.GetDirectoryName(final.Root)!);
        return Sha256Digest.Of(transcript);
    }

    private static void DemandAbsent(HomeFolder final, HomeFolder staged)
    {
        if (File.Exists(final.Root) || (Directory.Exists(final.Root) && Directory.EnumerateFileSystemEntries(final.Root).Any()))
        {
            throw new SignerRefusalException($"{final.Root} exists: a ceremony never writes over a home");
        }

        if (Directory.Exists(staged.Root))
        {
            throw new SignerRefusalException($"{staged.Root} is left from a ceremony that did not finish: remove it and the tokens that were made, then begin again");
        }
    }

    private static RoleKeys RoleKeysOf(RoleSettings role, List<MadeKey> keys) => new(role.Keys.Select(label => Made(keys, label).PublicKey), role.Threshold);

    private static MadeKey Made(List<MadeKey> keys, string label) => keys.Find(key => string.Equals(key.Label, label, StringComparison.Ordinal))!;

    private static SortedDictionary<string, Sha256Digest> Digests(HomeFolder home)
    {
        SortedDictionary<string, Sha256Digest> digests = new(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(home.Root, "*", SearchOption.AllDirectories))
        {
            // The journal and the log go on changing, and the lock is empty.
            string relative = Path.GetRelativePath(home.Root, file);
            if (!relative.StartsWith("journal.db", StringComparison.Ordinal) && !relative.StartsWith("log/", StringComparison.Ordinal) && !string.Equals(file, home.Lock, StringComparison.Ordinal))
            {
                digests.Add(relative, Sha256Digest.Of(File.ReadAllBytes(file)));
            }
        }

        return digests;
    }

    private (List<MadeKey> Keys, string Module) MakeKeys()
    {
        using ITokenModule module = host.LoadModule(modulePath);
        return (KeyMaking.Make(plan, module, pinFolder), module.Describe());
    }

    private void WriteSettings(HomeFolder home, List<MadeKey> keys)
    {
        SignerSettings settings = new(
            Path.GetFullPath(modulePath),
            [.. keys.Select(static key => new KeySettings(key.Label, key.Token, key.Serial, key.PublicKey.Id.ToString()))],
            new RolesSettings(plan.Root, plan.Targets, plan.Snapshot, plan.Timestamp),
            [.. plan.Products.Select(static product => new ProductSettings(product.Name.ToString(), product.VendorDomain, product.ClassName, product.ChunkSize, product.Role.Keys, product.Role.Threshold, product.Role.ExpiresDays, product.HashBins, product.SbomRequired))],
            [.. plan.Authorities.Select(static authority => new AuthoritySettings(authority.Profile, authority.Key))],
            [plan.Log]);
        foreach (MadeKey key in keys)
        {
            DurableFile.Replace(Path.Combine(home.Keys, key.Label + ".pem"), Encoding.ASCII.GetBytes(key.PublicKey.ToPem()));
        }

        DurableFile.Replace(home.Settings, settings.ToJson());
        if (keyPolicy is not null)
        {
            DurableFile.Replace(home.KeyPolicy, keyPolicy);
        }
    }

    private void SignRoles(SignerHome home, List<MadeKey> keys, DateTimeOffset now)
    {
        RepositoryFolder repository = new(home.Folder.Repository);
        RootMetadata root = new(
            First,
            now.AddDays(plan.Root.ExpiresDays),
            consistentSnapshot: true,
            RoleKeysOf(plan.Root, keys),
            RoleKeysOf(plan.Timestamp, keys),
            RoleKeysOf(plan.Snapshot, keys),
            RoleKeysOf(plan.Targets, keys));
        repository.Write(RepositoryFolder.Metadata("root", First), Sign(home, plan.Root, SigningPurpose.Root, root));

        // Terminating: no role after it may speak for the product's paths.
        DelegatedRole[] delegations = [.. plan.Products.Select(product =>
            new DelegatedRole(product.Name.ToString(), RoleKeysOf(product.Role, keys), [$"{product.Name}/*/manifest.suit"], terminating: true))];
        TargetsMetadata targets = new(First, now.AddDays(plan.Targets.ExpiresDays), new Dictionary<string, TargetFile>(StringComparer.Ordinal), delegations);
        repository.Write(RepositoryFolder.Metadata("targets", First), Sign(home, plan.Targets, SigningPurpose.Targets, targets));
        repository.WriteState(new RepositoryState(First, First, new Dictionary<string, long>(StringComparer.Ordinal)));

        using OpenedKey online = Open(home, home.Settings.Roles.Timestamp.Keys[0]);
        _ = home.Log.Append(new LogEvent(LogKinds.CeremonyHeld, "ceremony", plan.Log.Origin, ("plan", plan.Digest), ("keys", string.Join(", ", keys.Select(static key => $"{key.Label} {key.PublicKey.Id}")))));
        _ = LogSequencer.Run(home, online);
        _ = OnlineRefresh.Run(home, OnlineKeys.Find(online, home.Settings), now);
    }

    /// <summary>All keys of the role sign, one after the other, so that the loss of one that a threshold allows is no loss of the first version.</summary>
    private byte[] Sign(SignerHome home, RoleSettings role, SigningPurpose purpose, MetadataContent content)
    {
        byte[] bytes = content.ToSignedBytes();
        List<MetadataSignature> signatures = [];
        foreach (string label in role.Keys)
        {
            using OpenedKey key = Open(home, label);
            signatures.Add(MetadataSignature.From(key.Key.PublicKey, home.Signer.Sign(key.Key, purpose, $"version {content.Version}", bytes)));
        }

        return SignedMetadata.Assemble(bytes, signatures);
    }

    private void CertifyAuthorities(SignerHome home, DateTimeOffset now)
    {
        foreach (PlannedAuthority authority in plan.Authorities)
        {
            using OpenedKey key = Open(home, authority.Key);
            using X509Certificate2 certificate = new CertificateAuthority(home.Signer, key.Token, key.Key).SelfSign(authority.CommonName, now, authority.Years);
            DurableFile.Replace(home.Folder.AuthorityCertificate(authority.Profile), Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"));
        }
    }

    /// <summary>
    /// Every root key signs the transcript, each into a file of its own that openssl verifies. A transcript has no "_type", so it can be taken for no
    /// root, nor a root for a transcript.
    /// </summary>
    private void SignTranscript(SignerHome home, byte[] transcript)
    {
        string file = Path.Combine(home.Folder.Transcript, "ceremony.json");
        DurableFile.Replace(file, transcript);
        foreach (string label in plan.Root.Keys)
        {
            using OpenedKey key = Open(home, label);
            byte[] signature = home.Signer.Sign(key.Key, SigningPurpose.Transcript, $"transcript {Sha256Digest.Of(transcript)}", transcript);
            DurableFile.Replace($"{file}.{label}.sig", MetadataSignature.From(key.Key.PublicKey, signature).Signature.Span);
        }
    }

    private OpenedKey Open(SignerHome home, string label) => OpenedKey.Open(host, home.Settings, label, KeyMaking.PinFile(pinFolder, home.Settings.Key(label).Token));
}
