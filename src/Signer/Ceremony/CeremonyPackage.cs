using System.Text;
using System.Text.Json;
using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Signer.Approval;
using Fota.Signer.Home;
using Fota.Signer.Repository;
using Fota.Signer.Roles;

namespace Fota.Signer.Ceremony;

/// <summary>
/// What a keyholder on another machine needs of a ceremony: metadata, public facts, the change and its file. A folder of files that nobody has to believe: each is checked from the
/// keyholder's own first root on, before it is taken into the keyholder's home. No secret is in it.
/// </summary>
/// <param name="folder">The folder: state.json, metadata/, targets/, signer.json, keys/, change/.</param>
internal sealed class CeremonyPackage(string folder)
{
    private const string Change = "change", Keys = "keys";

    private const int MaxSettingsBytes = 1024 * 1024, MaxKeyBytes = 16 * 1024;

    /// <summary>Writes the package; it appears whole, by one rename.</summary>
    public void Export(HomeFolder home, ChangeDraft draft)
    {
        string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)), staged = target + ".incomplete";
        if (Path.Exists(target))
        {
            throw new SignerRefusalException($"{target} exists: wanted a folder to be made");
        }

        if (Directory.Exists(staged))
        {
            Directory.Delete(staged, recursive: true);
        }

        RepositoryFolder own = draft.Change.Repository, sent = new(staged);
        foreach (string path in Metadata(draft.Change, own).Concat(draft.Change.ReleaseFiles).Append(RepositoryFolder.StateName))
        {
            sent.Write(path, own.Read(path));
        }

        foreach (KeySettings key in draft.Change.Before.Keys)
        {
            DurableFile.Replace(Path.Combine(staged, Keys, key.Label + ".pem"), File.ReadAllBytes(home.PublicKeyFile(key.Label)));
        }

        DurableFile.Replace(Path.Combine(staged, HomeFolder.SettingsName), draft.Change.Before.ToJson());
        FolderCopy.CopyDraft(home.Change, Path.Combine(staged, Change), HomeFolder.ProposalName, HomeFolder.CeremonyName);
        CeremonyFile.Parse(ForeignFile.Read(Path.Combine(staged, Change, HomeFolder.CeremonyName), DecodeLimits.TargetsBytes)).Demand(Sha256Digest.Parse(draft.Change.Request.Ceremony!));
        Directory.Move(staged, target);
        PosixFile.FlushDirectory(Path.GetDirectoryName(target)!);
    }

    /// <summary>Takes the package into the keyholder's home, where the change lies afterwards as it lies in the signer's.</summary>
    /// <param name="home">The keyholder's home.</param>
    /// <param name="ceremony">SHA-256 of the ceremony's file, as the keyholder was told by another way.</param>
    /// <param name="now">The moment.</param>
    /// <returns>The settings as they are now: the signer's, as far as they may differ.</returns>
    /// <exception cref="SignerRefusalException">It is of another ceremony, older than what this home has seen, or says of a known key or product what this home knows better.</exception>
    /// <exception cref="RejectedException">It does not follow from the home's root.</exception>
    public SignerSettings Take(SignerHome home, Sha256Digest ceremony, DateTimeOffset now)
    {
        DemandOwnHome(home.Folder);
        CeremonyFile file = CeremonyFile.Parse(ForeignFile.Read(Path.Combine(folder, Change, HomeFolder.CeremonyName), DecodeLimits.TargetsBytes));
        file.Demand(ceremony);
        ChangePlan plan = file.Change ?? throw new SignerRefusalException("package: wanted the file of a change, got one that makes keys");
        Proposal proposal = Proposal.Parse(ForeignFile.Read(Path.Combine(folder, Change, HomeFolder.ProposalName), DecodeLimits.TargetsBytes));
        plan.DemandOwn(proposal);
        proposal.Request.DemandPast(now);
        DemandNoOther(home.Folder, proposal);
        SignerSettings settings = KnownFacts.Merge(home.Settings, ReadSettings(), proposal.Request);
        TakeKeys(home, settings);
        TakeRepository(home, settings, proposal.Request, now);

        // All of it again, as the signer's home computes it, before the home goes by these settings.
        RoleChange change = RoleChange.Plan(home.Folder, settings, proposal.Request, now);
        if (!change.Effects.SequenceEqual(proposal.Effects, StringComparer.Ordinal))
        {
            throw new SignerRefusalException("package: wanted the effects that follow from the repository and the ceremony's file, got others");
        }

        plan.DemandKeys(change);
        DurableFile.Replace(home.Folder.Settings, settings.ToJson());
        TakeDraft(home.Folder, change);
        return settings;
    }

    private SignerSettings ReadSettings()
    {
        try
        {
            return SignerSettings.Parse(ForeignFile.Read(Path.Combine(folder, HomeFolder.SettingsName), MaxSettingsBytes));
        }
        catch (JsonException e)
        {
            throw new SignerRefusalException($"package: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>The draft as it was sent, with what a process that was killed here had signed of it.</summary>
    private void TakeDraft(HomeFolder home, RoleChange change)
    {
        string staged = home.Change + ".staged";
        if (Directory.Exists(staged))
        {
            Directory.Delete(staged, recursive: true);
        }

        FolderCopy.CopyDraft(Path.Combine(folder, Change), staged, HomeFolder.ProposalName, HomeFolder.CeremonyName);
        if (Directory.Exists(home.Change))
        {
            new DraftMerge(change).Run(home.Change, staged);
            _ = ChangeDraft.Delete(home);
        }

        Directory.Move(staged, home.Change);
        PosixFile.FlushDirectory(home.Root);
    }

    private static IEnumerable<string> Metadata(RoleChange change, RepositoryFolder repository)
    {
        IEnumerable<string> roots = Enumerable.Range(1, (int)change.State.Root).Select(static version => RepositoryFolder.Metadata(RolesSettings.RootName, version));
        IEnumerable<string> product = change.State.Delegated
            .Where(role => change.Request.Roles.Any(name => string.Equals(name, role.Key, StringComparison.Ordinal) || role.Key.StartsWith(name + ".", StringComparison.Ordinal)))
            .Select(static role => RepositoryFolder.Metadata(role.Key, role.Value));
        string snapshot = RepositoryFolder.Metadata(RolesSettings.SnapshotName, repository.NextVersion(RolesSettings.SnapshotName) - 1);
        return [.. roots, RepositoryFolder.Metadata(RolesSettings.TargetsName, change.State.Targets), .. product, .. repository.Has(snapshot) ? [snapshot] : Array.Empty<string>()];
    }

    // Afterwards the change is removed, which in the signer's own home would drop the ceremony.
    private static void DemandOwnHome(HomeFolder home)
    {
        if (Directory.Exists(home.Transcript))
        {
            throw new SignerRefusalException($"{home.Root}: wanted a keyholder's own home, as `fota-signer approval home` makes it, got a signer's: `fota-signer ceremony run` signs here");
        }
    }

    /// <summary>One that was begun here, and broke off, goes on; another is not thrown away.</summary>
    private static void DemandNoOther(HomeFolder home, Proposal proposal)
    {
        if (Proposal.Find(home) is { } own && own.Digest != proposal.Digest)
        {
            throw new SignerRefusalException($"change {own.Digest} is on its way in {home.Root}, and the package is of {proposal.Digest}: `fota-signer role discard` drops the former");
        }
    }

    /// <summary>Keys that this home's own settings do not name; whatever a package that was refused left of them is replaced.</summary>
    private void TakeKeys(SignerHome opened, SignerSettings settings)
    {
        HomeFolder home = opened.Folder;
        foreach (KeySettings key in settings.Keys.Except(opened.Settings.Keys).Concat(settings.Keys.Where(key => !File.Exists(home.PublicKeyFile(key.Label)))).Distinct())
        {
            VerificationKey sent = VerificationKey.FromPem(Encoding.ASCII.GetString(ForeignFile.Read(Path.Combine(folder, Keys, key.Label + ".pem"), MaxKeyBytes)));
            if (!string.Equals(sent.Id.ToString(), key.KeyId, StringComparison.Ordinal))
            {
                throw new SignerRefusalException($"package: {Keys}/{key.Label}.pem: wanted key id {key.KeyId}, got {sent.Id}");
            }

            DurableFile.Replace(home.PublicKeyFile(key.Label), Encoding.ASCII.GetBytes(sent.ToPem()));
        }
    }

    private void TakeRepository(SignerHome home, SignerSettings settings, ChangeRequest request, DateTimeOffset now)
    {
        ProductName? product = settings.Products.FirstOrDefault(known => request.Concerns(known.Name)) is { } concerned ? ProductName.Parse(concerned.Name) : null;
        new ApprovalPackage(folder).TakeRepository(home, product, now);
        RepositoryFolder own = new(home.Folder.Repository), sent = new(folder);
        RepositoryState state = own.ReadState();
        RepositoryTrust trust = RepositoryTrust.Load(own, state, now);
        TakeSnapshot(own, sent, trust);
        if (product is not null)
        {
            TakeReleases(own, sent, ProductRole.Load(own, state, trust, product, settings.Product(product).HashBins));
        }
    }

    private static void TakeReleases(RepositoryFolder own, RepositoryFolder sent, ProductRole role)
    {
        foreach ((string path, TargetFile target) in role.Targets)
        {
            string file = RepositoryFolder.Target(path, target.Sha256);
            byte[] envelope = ForeignFile.Read(own.Has(file) ? own.FullPath(file) : sent.FullPath(file), DecodeLimits.EnvelopeBytes);
            if (Sha256Digest.Of(envelope) != target.Sha256)
            {
                throw new SignerRefusalException($"package: {path}: wanted the file that role {role.Product} lists, got another");
            }

            own.Write(file, envelope);
        }
    }

    /// <summary>The newest snapshot says under which numbers snapshots go on.</summary>
    private static void TakeSnapshot(RepositoryFolder own, RepositoryFolder sent, RepositoryTrust trust)
    {
        long version = sent.NextVersion(RolesSettings.SnapshotName) - 1;
        string path = RepositoryFolder.Metadata(RolesSettings.SnapshotName, version);
        if (version > 0 && !own.Has(path))
        {
            byte[] file = ForeignFile.Read(sent.FullPath(path), DecodeLimits.SnapshotBytes);
            SignedMetadata signed = SignedMetadata.Decode(file, DecodeLimits.SnapshotBytes, MetadataProfile.Fota).OrThrow();
            RepositoryTrust.Demand(trust.Root.Snapshot, signed, RolesSettings.SnapshotName);
            long said = signed.UnverifiedSnapshot().OrThrow().Version;
            if (said != version)
            {
                throw new SignerRefusalException($"package: {path}: wanted version {version}, got {said}");
            }

            own.Write(path, file);
        }
    }
}
