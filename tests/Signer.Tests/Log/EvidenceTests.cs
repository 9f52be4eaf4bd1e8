using Fota.Manifest;
using Fota.Manifest.Evidence;
using Fota.Manifest.Keys;
using Fota.Manifest.Log;
using Fota.Manifest.Metadata;
using Fota.Signer.Journal;
using Fota.Signer.Log;
using Fota.TestKit;

namespace Fota.Signer.Tests.Log;

/// <summary>One file and one root prove a release, and nothing in the file can be altered unnoticed.</summary>
[TestFixture]
public sealed class EvidenceTests
{
    private SignerWorld _world = null!;
    private byte[] _bundle = [], _root = [];

    [OneTimeSetUp]
    public async Task MakeEvidence()
    {
        _world = await SignerWorld.CreateAsync(static plan => plan.Replace("    threshold: 2\n", "    threshold: 2\n    hashBins: 4\n", StringComparison.Ordinal));
        (await _world.MakeKeyAsync("root-4")).Ok();
        await _world.ChangeAsync("--role root --add-key root-4", "root-1 root-2 root-4");
        await File.WriteAllTextAsync(_world.PathOf("sbom"), SampleSbom.CycloneDx);
        string digest = (await _world.ReleaseAsync("create", "1.0.0", "release", "--security-version", "1", "--image", _world.Image("1.0.0"), "--sbom", _world.PathOf("sbom"))).Ok().Value("manifest digest");
        (await EvidenceAsync("1.0.0")).Refused("infusion-pump 1.0.0 is not published");
        (await _world.ApproveAsync("1.0.0", digest)).Ok();
        (await _world.PublishAsync("1.0.0")).Ok();
        (await EvidenceAsync("1.0.0")).Refused("wanted infusion-pump.json, got none");
        (await _world.OnlineAsync()).Ok();
        await _world.ReleaseAsync("1.1.0");
        (await EvidenceAsync("1.0.0")).Ok();
        _bundle = await File.ReadAllBytesAsync(_world.PathOf("evidence"));
        _root = _world.Repository.Read("metadata/1.root.json");
    }

    [OneTimeTearDown]
    public void RemoveHome() => _world.Dispose();

    [Test]
    [Proves("E-1", "E-4", "E-5", "E-6")]
    public void P8_Evidence_verifies_with_only_a_root()
    {
        VerifiedEvidence evidence = VerifiedEvidence.Verify(_bundle, _root).IsAccepted();
        Assert.That((evidence.Product.ToString(), evidence.Manifest.Content.ReleaseVersion.ToString(), evidence.Manifest.Signers.Count), Is.EqualTo(("infusion-pump", "1.0.0", 2)));
        Assert.That((evidence.Sbom!.Name, evidence.Sbom.Components), Is.EqualTo(("infusion-pump", 3)));
        Assert.That(evidence.Entries.Select(static entry => entry.Kind).Where(static kind => kind != LogKinds.KeyUsed), Is.EqualTo([LogKinds.ReleaseRequested, LogKinds.ReleaseApproved, LogKinds.ReleasePublished]));
        Assert.That(evidence.Expires, Is.EqualTo(evidence.Timestamp.Expires), "the first to expire");
        Assert.That(VerifiedEvidence.Verify(_bundle, _world.Repository.Read("metadata/2.root.json")).IsAccepted().Manifest.Digest, Is.EqualTo(evidence.Manifest.Digest), "a newer root of the chain does as well");
    }

    [Test]
    public async Task A53_Thousands_of_entries_about_a_version_keep_nobody_from_its_evidence()
    {
        const int Entries = 4100;
        using SignerWorld world = await SignerWorld.CreateAsync();
        string digest = await world.ApprovedAsync("1.0.0");
        using (SignerDatabase database = SignerDatabase.Open(world.HomeFolder.Journal))
        {
            SignerLog log = new(database, world.Clock);
            database.InTransaction(() =>
            {
                for (int i = 0; i < Entries; i++)
                {
                    _ = log.Append(new LogEvent(LogKinds.ReleaseRefused, "somebody", "infusion-pump 1.0.0", ("attempt", i)));
                }
            });
            Assert.That(
                database.Query("EXPLAIN QUERY PLAN " + SignerLog.EntriesNaming, static row => row.GetString(3), digest, 1L).Concat(database.Query("EXPLAIN QUERY PLAN SELECT number " + SignerLog.EntriesAbout, static row => row.GetString(3), "x", digest, 1L)),
                Has.Exactly(2).Contains("USING INDEX").And.None.StartsWith("SCAN"),
                "the log is not read for it");
        }

        (await world.PublishAsync("1.0.0")).Ok();
        (await world.OnlineAsync()).Ok();
        CommandResult made = (await world.RunAsync("release", "evidence", "--home", world.Home, "--product", SignerWorld.Product, "--version", "1.0.0", "--out", world.PathOf("evidence"))).Ok();
        VerifiedEvidence evidence = VerifiedEvidence.Verify(await File.ReadAllBytesAsync(world.PathOf("evidence")), world.Repository.Read("metadata/1.root.json")).IsAccepted();
        LogEntry[] refused = [.. evidence.Entries.Where(static entry => entry.Kind == LogKinds.ReleaseRefused)];
        Assert.That(refused.Select(static entry => entry.Facts["attempt"]), Has.Exactly(1).EqualTo($"{Entries - 1}").And.None.EqualTo("0"), "the newest");
        Assert.That(evidence.Entries.Select(static entry => entry.Kind), Is.SupersetOf([LogKinds.ReleaseRequested, LogKinds.ReleaseApproved, LogKinds.ReleasePublished]));
        Assert.That(long.Parse(made.Value("left out").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture), Is.GreaterThan(Entries - refused.Length - 1).And.LessThan(Entries));
    }

    [Test]
    [Proves("E-4")]
    public void Signatures_of_tokens_have_the_form_of_evidence_before_evidence_is_made()
    {
        byte[][] files = [.. Directory.GetFiles(Path.Combine(_world.HomeFolder.Repository, "metadata")).Select(File.ReadAllBytes)];
        MetadataSignature[] signatures = [.. files.SelectMany(static file => SignedMetadata.Decode(file, file.Length, MetadataProfile.Fota).OrThrow().Signatures)];
        Assert.That(signatures, Has.Length.GreaterThan(16));
        foreach (MetadataSignature signature in signatures)
        {
            byte[] fixedForm = new byte[EcdsaSignatureFormat.FixedSize];
            Assert.That(EcdsaSignatureFormat.TryFromDer(signature.Signature, fixedForm) && EcdsaSignatureFormat.Lowered(fixedForm).AsSpan().SequenceEqual(fixedForm), Is.True);
        }
    }

    [Test]
    [Proves("E-6")]
    public async Task Reissued_release_has_its_evidence_and_so_has_one_whose_root_has_the_other_form_of_signatures()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        await world.ReleaseAsync("1.0.0");
        string digest = (await world.ReleaseAsync("reissue", "1.0.0", "release")).Ok().Value("manifest digest");
        (await world.ApproveAsync("1.0.0", digest)).Ok();
        (await world.PublishAsync("1.0.0")).Ok();
        (await world.OnlineAsync()).Ok();
        string path = Path.Combine(world.HomeFolder.Repository, EvidencePath.Root(1));
        SignedMetadata root = SignedMetadata.Decode(await File.ReadAllBytesAsync(path), 100_000, MetadataProfile.Fota).OrThrow();
        byte[] published = SignedMetadata.Assemble(root.SignedBytes.Span, root.Signatures.Reverse());
        await File.WriteAllBytesAsync(path, published);
        (await world.RunAsync("release", "evidence", "--home", world.Home, "--product", SignerWorld.Product, "--version", "1.0.0", "--out", world.PathOf("evidence"))).Ok();
        VerifiedEvidence evidence = VerifiedEvidence.Verify(await File.ReadAllBytesAsync(world.PathOf("evidence")), published).IsAccepted();
        Assert.That(evidence.Manifest.Digest.ToString(), Is.EqualTo(digest));
    }

    [TestCase(101)]
    [TestCase(7, Category = "Full")]
    [Proves("E-2", "E-3")]
    public void Every_byte_of_the_evidence_counts(int step)
    {
        byte[] changed = [.. _bundle];
        for (int place = 0; place < changed.Length; place++)
        {
            bool isHeader = IsHeader(place);
            if (place % step != 0 && !(isHeader && (step < 10 || place % 5 == 0)))
            {
                continue;
            }

            // Headers and padding are refused by the archive already, whatever is in the files.
            changed[place] ^= (byte)(1 << (place % 8));
            bool accepted = isHeader ? EvidenceBundle.Decode(changed).IsAccepted(out _, out _) : VerifiedEvidence.Verify(changed, _root).IsAccepted(out _, out _);
            Assert.That(accepted, Is.False, $"accepted with byte {place} changed");
            changed[place] = _bundle[place];
        }

        VerifiedEvidence.Verify(changed, _root).IsAccepted();
        foreach (byte[] other in (byte[][])[_bundle[..^1], [.. _bundle, 0], _bundle[..^1024], [.. _bundle, .. new byte[512]]])
        {
            Assert.That(VerifiedEvidence.Verify(other, _root).IsAccepted(out _, out _), Is.False);
        }
    }

    [Test]
    [Proves("E-3")]
    public void Evidence_with_a_file_more_or_less_is_refused()
    {
        Dictionary<string, byte[]> files = new(EvidenceBundle.Decode(_bundle).OrThrow().Files, StringComparer.Ordinal);
        string[] dispensable = [.. files.Keys.Where(static path => path.StartsWith(EvidencePath.Log, StringComparison.Ordinal))];
        foreach (string path in files.Keys.Except(dispensable, StringComparer.Ordinal).ToArray())
        {
            byte[] file = files[path];
            files.Remove(path);
            Assert.That(Verify(files).IsAccepted(out _, out _), Is.False, $"accepted without {path}");
            files[path] = file;
        }

        files["metadata/note.txt"] = [1];
        Verify(files).IsRefusedFor(RejectionReason.UnknownField);
        files.Remove("metadata/note.txt");
        foreach (string path in dispensable)
        {
            files.Remove(path);
        }

        Verify(files).IsRefusedFor(RejectionReason.LogIncomplete);
    }

    [Test]
    [Proves("E-4")]
    public async Task Evidence_is_refused_by_another_root_and_by_one_that_is_not_in_it()
    {
        using SignerWorld other = await SignerWorld.CreateAsync();
        VerifiedEvidence.Verify(_bundle, other.Repository.Read("metadata/1.root.json")).IsRefusedFor(RejectionReason.DigestMismatch);
        await _world.ChangeAsync("--role root --renew", "root-1 root-2");
        VerifiedEvidence.Verify(_bundle, _world.Repository.Read("metadata/3.root.json")).IsRefusedFor(RejectionReason.MissingField);
    }

    [Test]
    [Proves("E-4")]
    public void Signature_that_a_threshold_does_not_need_is_verified_all_the_same()
    {
        Dictionary<string, byte[]> files = new(EvidenceBundle.Decode(_bundle).OrThrow().Files, StringComparer.Ordinal);
        SignedMetadata root = SignedMetadata.Decode(files[EvidencePath.Root(1)], 100_000, MetadataProfile.Fota).OrThrow();
        byte[] idle = root.Signatures[2].Signature.ToArray();
        idle[^1] ^= 1;
        byte[] altered = SignedMetadata.Assemble(root.SignedBytes.Span, [root.Signatures[0], root.Signatures[1], new MetadataSignature(root.Signatures[2].Key, idle)]);
        files[EvidencePath.Root(1)] = altered;
        VerifiedEvidence.Verify(EvidenceBundle.Write(files), altered).IsRefusedFor(RejectionReason.SignatureInvalid);
    }

    [Test]
    [Proves("E-6")]
    public void Entry_of_another_release_and_proof_under_another_name_are_refused()
    {
        Dictionary<string, byte[]> files = new(EvidenceBundle.Decode(_bundle).OrThrow().Files, StringComparer.Ordinal);
        VerifiedCheckpoint checkpoint = VerifiedEvidence.Verify(_bundle, _root).IsAccepted().Checkpoint;
        files[EvidencePath.Entry(0)] = LogProof.Make(new LogFolder(_world.HomeFolder.Log), checkpoint, 0).ToBytes();
        Verify(files).IsRefusedFor(RejectionReason.WrongDocument);
        files.Remove(EvidencePath.Entry(0));
        string some = files.Keys.First(static path => path.StartsWith(EvidencePath.Log, StringComparison.Ordinal));
        files[EvidencePath.Entry(0)] = files[some];
        Verify(files).IsRefusedFor(RejectionReason.ForeignLog);
    }

    private Task<CommandResult> EvidenceAsync(string version) => _world.RunAsync("release", "evidence", "--home", _world.Home, "--product", SignerWorld.Product, "--version", version, "--out", _world.PathOf("evidence"));

    private Verdict<VerifiedEvidence> Verify(Dictionary<string, byte[]> files) => VerifiedEvidence.Verify(EvidenceBundle.Write(files), _root);

    // Ustar: a header of 512 bytes, its magic at 257, before each file.
    private bool IsHeader(int place)
    {
        int block = place / 512 * 512;
        return block + 262 < _bundle.Length && _bundle.AsSpan(block + 257, 5).SequenceEqual("ustar"u8);
    }
}
