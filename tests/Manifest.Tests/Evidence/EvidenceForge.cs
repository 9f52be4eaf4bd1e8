using Fota.Manifest.Evidence;
using Fota.Manifest.Log;
using Fota.Manifest.Metadata;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Evidence;

/// <summary>Evidence by keys in memory, so that a test can have signed what no signer would.</summary>
internal sealed class EvidenceForge
{
    private static readonly DateTimeOffset s_time = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly MemoryLog _log = new();

    /// <summary>Its metadata.</summary>
    public RepositorySimulator Repository { get; } = new();

    /// <summary>The version that the path says.</summary>
    public string Version { get; init; } = "1.0.0";

    /// <summary>The release, whose manifest says 1.0.0.</summary>
    public SampleRelease Release { get; } = SampleRelease.Create("1.0.0");

    /// <summary>What an entry says of the release, by its kind.</summary>
    public LogEntry Entry(string kind, params (string Name, string Value)[] facts)
    {
        Dictionary<string, string> all = new(StringComparer.Ordinal) { ["manifest"] = Release.SignedBy(Repository.Pump.Keys[0]).ClaimedDigest.ToString() };
        Array.ForEach(facts, fact => all[fact.Name] = fact.Value);
        return new LogEntry { Number = 0, Time = s_time, Kind = kind, Actor = "release", Subject = $"infusion-pump {Version}", Facts = all };
    }

    /// <summary>What a signer enters of a release.</summary>
    public LogEntry[] Entries() => [Entry("release.requested"), Entry("release.approved"), Entry("release.published", ("root", "1"))];

    /// <summary>The files of the bundle.</summary>
    /// <param name="entries">The log, each entry with its place for its number unless it has one.</param>
    /// <param name="inTopLevel">Whether the release is listed by the top-level role, and signed by that.</param>
    public Dictionary<string, byte[]> Make(IReadOnlyList<LogEntry> entries, bool inTopLevel = false)
    {
        byte[] envelope = (inTopLevel ? Release.SignedBy([.. Repository.Targets.Keys]) : Release.SignedBy([.. Repository.Pump.Keys])).Bytes.ToArray();
        string path = RepositorySimulator.PathOf(Version);
        if (inTopLevel)
        {
            Repository.TopLevelTargets[path] = new TargetFile(envelope.Length, Sha256Digest.Of(envelope));
            Repository.PublishTargets();
        }
        else
        {
            Repository.AddTarget(path, envelope);
        }

        VerifiedCheckpoint checkpoint = _log.Append(entries.Select(static (entry, place) => (entry.Number == 0 ? entry with { Number = place } : entry).Encode()));
        Repository.Logs.Add(checkpoint);
        Repository.Publish();
        Dictionary<string, byte[]> files = new(StringComparer.Ordinal)
        {
            [EvidencePath.Root(1)] = InOneForm(Repository.TrustedRoot, Repository.Root),
            [EvidencePath.Timestamp] = InOneForm(Repository.Current(Repository.Timestamp), Repository.Timestamp),
            [$"{EvidencePath.Targets}{MetadataFileName.OfTarget(path, Sha256Digest.Of(envelope))}"] = envelope,
        };
        foreach (SimulatedRole role in inTopLevel ? (SimulatedRole[])[Repository.Snapshot, Repository.Targets] : [Repository.Snapshot, Repository.Targets, Repository.Pump])
        {
            files[EvidencePath.Metadata(role.Name, role.Version)] = Repository.Current(role);
        }

        for (int number = 0; number < entries.Count; number++)
        {
            files[EvidencePath.Entry(number)] = LogProof.Make(_log, checkpoint, number).ToBytes();
        }

        return files;
    }

    /// <summary>What an auditor who trusts the first root says of it.</summary>
    public Verdict<VerifiedEvidence> Verify(IReadOnlyDictionary<string, byte[]> files) => VerifiedEvidence.Verify(EvidenceBundle.Write(files), Repository.TrustedRoot);

    private static byte[] InOneForm(byte[] file, SimulatedRole role) => EvidenceSignatures.InOneForm(SignedMetadata.Decode(file, file.Length, MetadataProfile.Fota).OrThrow(), role.PublicKeys.Keys);
}
