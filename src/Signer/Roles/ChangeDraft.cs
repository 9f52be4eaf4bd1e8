using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;

namespace Fota.Signer.Roles;

/// <summary>
/// A change of roles on its way, as files in the home's change/: the proposal, metadata and envelopes with the signatures so far. Nothing in it is
/// trusted: whoever signs computes what it should hold.
/// </summary>
internal sealed class ChangeDraft
{
    private const string DropIt = "`fota-signer role discard`, then propose the change again";

    private readonly HomeFolder _folder;

    private ChangeDraft(HomeFolder folder, Proposal proposal, RoleChange change)
    {
        _folder = folder;
        Proposal = proposal;
        Change = change;
    }

    public Proposal Proposal { get; }

    public RoleChange Change { get; }

    /// <summary>Everything that can be signed now: the product's roles only when their envelopes are complete.</summary>
    public IReadOnlyList<ChangedRole> Roles => [.. Change.TopLevel, .. Change.ProductRoles(Envelope)];

    /// <summary>What each key that is new to the role has to sign besides.</summary>
    public IReadOnlyList<KeyPossession> Possessions => [.. Change.NewKeys.Select(added => new KeyPossession(added.Label, added.Key, Proposal.Digest))];

    /// <summary>Makes a draft of a new change: prepared beside its place, and put there by one rename.</summary>
    /// <param name="folder">The home.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="request">What is to change.</param>
    /// <param name="now">The moment.</param>
    /// <param name="enter">Told of the proposal before it lies there (L-21).</param>
    /// <param name="ceremony">The ceremony's file that asks for it, which is kept beside the proposal; null where none does.</param>
    public static ChangeDraft Begin(HomeFolder folder, SignerSettings settings, ChangeRequest request, DateTimeOffset now, Action<Proposal> enter, byte[]? ceremony = null)
    {
        if (Directory.Exists(folder.Change))
        {
            throw new SignerRefusalException($"a change is on its way already: `fota-signer role list` shows it, `fota-signer role discard` drops it");
        }

        RoleChange change = RoleChange.Plan(folder, settings, request, now);
        Proposal proposal = new(request, change.Effects);
        string staged = folder.Change + ".staged";
        DurableFile.Replace(Path.Combine(staged, Path.GetFileName(folder.Proposal)), proposal.ToJson());
        if (ceremony is not null)
        {
            DurableFile.Replace(Path.Combine(staged, HomeFolder.CeremonyName), ceremony);
        }

        foreach (ChangedRole role in change.TopLevel.Concat(change.Envelopes.Count == 0 ? change.ProductRoles(static _ => null) : []))
        {
            DurableFile.Replace(RoleFile(staged, role), SignedMetadata.Assemble(role.SignedBytes, []));
        }

        enter(proposal);
        Directory.Move(staged, folder.Change);
        PosixFile.FlushDirectory(folder.Root);
        return new ChangeDraft(folder, proposal, change);
    }

    /// <summary>The change that is on its way; null if there is none.</summary>
    public static ChangeDraft? Find(HomeFolder folder, SignerSettings settings, DateTimeOffset now)
    {
        if (Proposal.Find(folder) is not { } proposal)
        {
            return null;
        }

        RoleChange change = RoleChange.Plan(folder, settings, proposal.Request, now);
        return change.Effects.SequenceEqual(proposal.Effects, StringComparer.Ordinal)
            ? new ChangeDraft(folder, proposal, change)
            : throw new SignerRefusalException("the change is not what it was when it was proposed, as the repository moved on or the draft was altered: `fota-signer role discard`, then propose it again");
    }

    /// <exception cref="SignerRefusalException">There is none.</exception>
    public static ChangeDraft Require(HomeFolder folder, SignerSettings settings, DateTimeOffset now) =>
        Find(folder, settings, now) ?? throw None();

    /// <summary>Whether this is the change that the caller was told of.</summary>
    /// <exception cref="SignerRefusalException">It is another.</exception>
    public void Demand(Sha256Digest digest, string what)
    {
        if (Proposal.Digest != digest)
        {
            throw new SignerRefusalException($"change: wanted {digest} (the one to be {what}), got {Proposal.Digest}");
        }
    }

    /// <summary>
    /// The metadata with the signatures so far: over the bytes that this process computed, whatever the draft says that they are, and by those who may sign
    /// them. What strangers put beside those is left out. Where they put a second signature under one key's id, or more than the decoder's 16, the file is
    /// refused as it is: the change is to be discarded, and signed again.
    /// </summary>
    public SignedMetadata Role(ChangedRole role)
    {
        byte[] file = File.Exists(RoleFile(role)) ? File.ReadAllBytes(RoleFile(role)) : SignedMetadata.Assemble(role.SignedBytes, []);
        SignedMetadata drafted = SignedMetadata.Decode(file, DecodeLimits.TargetsBytes, MetadataProfile.Fota).OrThrow();
        if (!drafted.SignedBytes.Span.SequenceEqual(role.SignedBytes))
        {
            throw new SignerRefusalException($"{RoleFile(role)}: wanted what the proposal says, got other metadata: {DropIt}");
        }

        HashSet<MetadataKeyId> signers = [.. role.Quorums.SelectMany(quorum => quorum.Keys.Signers(drafted)).Select(MetadataKeyId.Of)];
        byte[] sound = SignedMetadata.Assemble(role.SignedBytes, drafted.Signatures.Where(signature => signers.Contains(signature.Key)));
        return SignedMetadata.Decode(sound, DecodeLimits.TargetsBytes, MetadataProfile.Fota).OrThrow();
    }

    public void WriteRole(ChangedRole role, ReadOnlySpan<byte> file) => DurableFile.Replace(RoleFile(role), file);

    /// <summary>The published envelope with the new signatures so far, each taken by itself and in one order; null if none was added.</summary>
    public SignedEnvelope? Envelope(string path)
    {
        ChangedEnvelope changed = Change.Envelopes.First(envelope => string.Equals(envelope.Path, path, StringComparison.Ordinal));
        if (!File.Exists(EnvelopeFile(path)))
        {
            return null;
        }

        SignedEnvelope drafted = SignedEnvelope.Decode(File.ReadAllBytes(EnvelopeFile(path))).OrThrow();
        if (!drafted.DigestMatches || drafted.ClaimedDigest != changed.Manifest)
        {
            throw new SignerRefusalException($"{EnvelopeFile(path)}: wanted manifest {changed.Manifest}, got {drafted.ClaimedDigest}: {DropIt}");
        }

        // Nothing that was published is lost, else devices with the old anchors are left behind; and nothing foreign takes the place of signatures to come.
        return Change.Published(path).WithSignaturesFrom(drafted, changed.Keys.Keys);
    }

    public bool IsProven(KeyPossession possession) => possession.IsProvenBy(PossessionFile(possession));

    /// <summary>The key's own signature over the change; null if there is none.</summary>
    public byte[]? ReadPossession(KeyPossession possession) => IsProven(possession) ? File.ReadAllBytes(PossessionFile(possession)) : null;

    public void WritePossession(KeyPossession possession, ReadOnlySpan<byte> signature) => DurableFile.Replace(PossessionFile(possession), signature);

    public void WriteEnvelope(string path, SignedEnvelope envelope) => DurableFile.Replace(EnvelopeFile(path), envelope.Bytes.Span);

    /// <summary>Whose signatures are still wanted, for people; empty when the change can be applied.</summary>
    public IReadOnlyList<string> Missing()
    {
        List<string> missing = [];
        foreach (ChangedEnvelope changed in Change.Envelopes)
        {
            SignedEnvelope envelope = Envelope(changed.Path) ?? Change.Published(changed.Path);
            Note($"envelope {changed.Path}", "the product's new keys", changed.Keys, [.. changed.Keys.Keys.Where(envelope.IsSignedBy)]);
        }

        foreach (ChangedRole role in Roles)
        {
            SignedMetadata drafted = Role(role);
            role.Quorums.ToList().ForEach(quorum => Note($"{role.Name} {role.Version}", $"the keys of {quorum.Whose}", quorum.Keys, quorum.Keys.Signers(drafted)));
        }

        if (Change.AwaitsEnvelopes(Envelope))
        {
            missing.Add($"role {Change.Request.Roles[0]} itself: it is signed when the envelopes are, as it lists their digests");
        }

        missing.AddRange(Possessions.Where(possession => !IsProven(possession))
            .Select(possession => $"key {possession.Label}: wanted its own signature over this change, as it is new to role {string.Join(" and ", Change.Request.Roles)}, got none"));
        return missing;

        void Note(string what, string whose, RoleKeys keys, IReadOnlyList<Fota.Manifest.Keys.VerificationKey> signers)
        {
            if (signers.Count < keys.Threshold)
            {
                string[] others = [.. keys.Keys.Except(signers).Select(key => Change.After.LabelOf(key.Id)).Order(StringComparer.Ordinal)];
                missing.Add($"{what}: wanted {keys.Threshold} signatures by {whose}, got {signers.Count}; can sign: {string.Join(", ", others)}");
            }
        }
    }

    /// <summary>Drops what is on its way, whatever state it is in: gone by one rename, so that no half of it is left (A48).</summary>
    /// <returns>Its digest, or what people are told in its place.</returns>
    /// <exception cref="SignerRefusalException">There is none.</exception>
    public static string Delete(HomeFolder folder)
    {
        if (!Directory.Exists(folder.Change))
        {
            throw None();
        }

        string name = Proposal.NameIn(folder.Change);
        Directory.Move(folder.Change, folder.Installed);
        PosixFile.FlushDirectory(folder.Root);
        Directory.Delete(folder.Installed, recursive: true);
        return name;
    }

    private static SignerRefusalException None() => new("no change is on its way: `fota-signer role propose` begins one");

    private string RoleFile(ChangedRole role) => RoleFile(_folder.Change, role);

    // In a folder of their own: products have the names that their makers like, and one may be called "proposal".
    private static string RoleFile(string draft, ChangedRole role) => Path.Combine(draft, "roles", role.Name + ".json");

    private string PossessionFile(KeyPossession possession) => Path.Combine(_folder.Change, "possession", possession.Label + ".sig");

    private string EnvelopeFile(string path) => Path.Combine(_folder.Change, "envelopes", path);
}
