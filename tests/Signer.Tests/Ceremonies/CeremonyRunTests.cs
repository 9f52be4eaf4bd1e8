using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Metadata;
using Fota.Signer.Journal;
using Fota.TestKit;

namespace Fota.Signer.Tests.Ceremonies;

/// <summary>Changes of roles by a reviewed file, with every keyholder at one machine.</summary>
[TestFixture]
public sealed class CeremonyRunTests
{
    private const string RaiseRoot = "version: 1\nkind: change\nreason: A test.\nroles: [root]\nthreshold: 3\n";

    private SignerWorld _world = null!;

    [SetUp]
    public async Task MakeHome() => _world = await SignerWorld.CreateAsync();

    [TearDown]
    public void RemoveHome() => _world.Dispose();

    [Test]
    [Proves("H-5", "H-7", "H-9", "H-10")]
    public async Task A13_One_run_with_all_PINs_rotates_root_and_leaves_a_transcript_that_openssl_verifies()
    {
        (await _world.MakeKeyAsync("root-4")).Ok();
        string file = _world.Ceremony(CeremonyWorld.RotateRoot);
        CommandResult result = (await _world.RunCeremonyAsync(file, null, "--ceremony", CeremonyWorld.DigestOf(file))).Ok();
        RootMetadata root = Client.Update(_world).Root;
        Assert.That((root.Version, result.Output.Contains("with root-1", StringComparison.Ordinal)), Is.EqualTo((2L, false)), "the key that goes was not used");

        string path = _world.Transcripts().Single();
        byte[] transcript = await File.ReadAllBytesAsync(path);
        Assert.That((result.Value("transcript"), result.Value("file")), Is.EqualTo((Sha256Digest.Of(transcript).ToString(), path)));
        using JsonDocument json = JsonDocument.Parse(transcript);
        JsonElement said = json.RootElement;
        Assert.That((said.GetProperty("ceremonySha256").GetString(), said.GetProperty("change").GetString(), said.GetProperty("reason").GetString()),
            Is.EqualTo((CeremonyWorld.DigestOf(file), result.Value("change"), "The keeper of root-1 leaves.")));
        Assert.That(said.GetProperty("keys").EnumerateArray().Select(static key => $"{key.GetProperty("label")}: {string.Join(", ", key.GetProperty("signed").EnumerateArray())}"),
            Is.EqualTo(["root-2: root 2", "root-3: root 2", "root-4: its own agreement, as it is new to the role, root 2"]));
        Assert.That(said.GetProperty("keys")[0].GetProperty("serial").GetString(), Is.EqualTo(_world.HomeFolder.ReadSettings().Key("root-2").Serial));
        Assert.That((said.GetProperty("versions").GetProperty("root").GetProperty("before").GetInt64(), said.GetProperty("versions").GetProperty("root").GetProperty("after").GetInt64()), Is.EqualTo((1L, 2L)));
        foreach (JsonProperty installed in said.GetProperty("files").EnumerateObject())
        {
            Assert.That(CeremonyWorld.DigestOf(Path.Combine(_world.Home, installed.Name)), Is.EqualTo(installed.Value.GetString()), installed.Name);
        }

        Assert.That(said.GetProperty("files").EnumerateObject().Select(static entry => entry.Name), Does.Contain("repository/metadata/2.root.json").And.Contain("repository/metadata/timestamp.json").And.Contain("signer.json"));
        foreach (string label in new[] { "root-2", "root-3", "root-4", "online" })
        {
            Assert.That(_world.Verify(label, path, $"{path}.{label}.sig"), Is.Zero, label);
        }

        string statement = $"{path[..^".json".Length]}.root-3.txt";
        Assert.That(await File.ReadAllTextAsync(statement), Does.EndWith($" takes part in the change of roles {result.Value("change")} of the ceremony {CeremonyWorld.DigestOf(file)}\n"));
        Assert.That((_world.Verify("root-3", statement, statement + ".sig"), _world.Verify("root-2", statement, statement + ".sig")), Is.EqualTo((0, 1)));
    }

    [Test]
    [Proves("H-5", "H-6", "H-7")]
    public async Task Keyholders_come_one_after_the_other_and_each_run_says_who_is_missing()
    {
        (await _world.MakeKeyAsync("root-4")).Ok();
        string file = _world.Ceremony(CeremonyWorld.RotateRoot);
        CommandResult begun = (await _world.RunAsync("ceremony", "run", file, "--home", _world.Home)).Ok();
        Assert.That(begun.Output, Does.Contain("wanted: root 2: wanted 2 signatures by the keys of root 1, got 0; can sign: root-1, root-2, root-3\n")
            .And.Contain($"next: whoever is here, fota-signer ceremony run {file} --home {_world.Home} --pin-dir DIR --ceremony {CeremonyWorld.DigestOf(file)}\nnext: for whoever is elsewhere, fota-signer ceremony export "));
        Assert.That((await _world.RunCeremonyAsync(file, "root-2")).Ok().Output, Does.Contain("signed: 2 with root-2\n").And.Contain("root 2: wanted 2 signatures by the keys of root 1, got 1; can sign: root-1, root-3"));
        Assert.That((await _world.RunCeremonyAsync(file, "root-2")).Ok().Output, Does.Not.Contain("with root-2"), "it has signed");
        Assert.That((await _world.RunCeremonyAsync(file, "root-1,root-4")).Ok().Output, Does.Contain("signed: 2 with root-1\n").And.Contain("signed: 3 with root-4\n").And.Contain($"next: with the PIN of token {_world.Token("online")}, "));
        Assert.That(Client.Update(_world).Root.Version, Is.EqualTo(1));
        Assert.That((await _world.RunCeremonyAsync(file, "online")).Ok().Output, Does.Contain("applied: signed timestamp 2\n"));
        Assert.That(Client.Update(_world).Root.Version, Is.EqualTo(2));

        string[] files = [.. Directory.GetFiles(_world.HomeFolder.Transcript, "change-*").Select(Path.GetFileName).OfType<string>().Select(static name => name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..])];
        Assert.That(files, Is.EquivalentTo(["json", "json.online.sig", "root-1.txt", "root-1.txt.sig", "root-2.txt", "root-2.txt.sig", "root-4.txt", "root-4.txt.sig"]));
    }

    [Test]
    [Proves("H-5")]
    public async Task Ceremony_that_was_held_is_not_held_again()
    {
        string file = _world.Ceremony(RaiseRoot);
        CommandResult first = (await _world.RunCeremonyAsync(file)).Ok();
        string[] before = _world.Files();
        CommandResult again = (await _world.RunCeremonyAsync(file)).Ok();
        Assert.That(again.Value("transcript"), Is.EqualTo(first.Value("transcript")));
        Assert.That(again.Value("held"), Does.EndWith($", change {first.Value("change")}; nothing is left to do"));
        Assert.That(_world.Files(), Is.EqualTo(before));
    }

    [Test]
    [Proves("H-6")]
    public async Task A48_Ceremony_that_is_killed_at_every_signature_goes_on_and_signs_no_metadata_twice()
    {
        (await _world.MakeKeyAsync("root-4")).Ok();
        string file = _world.Ceremony(CeremonyWorld.RotateRoot);
        int runs = 0;
        CommandResult result;
        do
        {
            // The token signs, and the process ends before anything is written: run N gets as far as its Nth signature.
            int left = ++runs;
            _world.Module = module => new FaultyModule(module, sign => left-- > 0 ? sign() : throw new IOException("killed"));
            result = await _world.RunCeremonyAsync(file);
        }
        while (runs < 20 && result.Error.Contains("killed", StringComparison.Ordinal));

        result.Ok();
        Assert.That((runs, Client.Update(_world).Root.Version), Is.EqualTo((5, 2L)), "the timestamp and four signatures of the transcript are made in one run");
        string journal = (await _world.RunAsync("journal", "--home", _world.Home)).Ok().Output;
        foreach (SigningPurpose purpose in new[] { SigningPurpose.Ceremony, SigningPurpose.KeyPossession, SigningPurpose.Root })
        {
            string[] signed = [.. journal.Split('\n').Where(line => line.Contains($" {purpose} ", StringComparison.Ordinal) && line.Contains(" Signed ", StringComparison.Ordinal) && !line.Contains("version 1", StringComparison.Ordinal))];
            Assert.That(signed, Has.Length.EqualTo(purpose == SigningPurpose.KeyPossession ? 1 : 3), journal);
        }
    }

    [Test]
    [Proves("H-6", "H-9")]
    public async Task A48_Ceremony_that_is_killed_after_the_decision_is_complete_with_its_transcript_in_the_next_run()
    {
        string file = _world.Ceremony(RaiseRoot);
        string obstacle = _world.HomeFolder.Settings + ".new";
        Directory.CreateDirectory(obstacle);
        Assert.That((await _world.RunCeremonyAsync(file)).ExitCode, Is.EqualTo(1));
        Assert.That(Directory.Exists(_world.HomeFolder.Installing), Is.True);
        (await _world.RunAsync("ceremony", "plan", file, "--home", _world.Home)).Refused("a change was decided, and its installation broke off");
        Directory.Delete(obstacle);
        Assert.That((await _world.RunCeremonyAsync(file)).Ok().Value("held"), Does.EndWith("; nothing is left to do"));
        string path = _world.Transcripts().Single();
        Assert.That((Client.Update(_world).Root.Version, _world.Verify("root-3", path, path + ".root-3.sig")), Is.EqualTo((2L, 0)));
    }

    [Test]
    [Proves("H-7")]
    public async Task P6_Run_that_reaches_both_keys_of_a_product_is_refused_and_signs_nothing()
    {
        (await _world.MakeKeyAsync("approver-2")).Ok();
        string file = _world.Ceremony("version: 1\nkind: change\nreason: A test.\nroles: [infusion-pump]\naddKeys: [approver-2]\nremoveKeys: [approver]\n");
        await _world.ReleaseAsync("1.0.0");
        (await _world.RunCeremonyAsync(file)).Refused("this run would use 2 keys of product infusion-pump (release, approver-2), and 2 make a release");
        (await _world.RunCeremonyAsync(file, "approver,approver-2")).Refused("key 'approver' has nothing to sign in change ");
        Assert.That((await _world.RunAsync("journal", "--home", _world.Home)).Ok().Output, Does.Not.Contain(nameof(SigningPurpose.Ceremony)));

        (await _world.RunCeremonyAsync(file, "targets,approver-2")).Ok();
        Assert.That((await _world.RunCeremonyAsync(file, "release,online")).Ok().Output, Does.Contain("applied: "));
        Assert.That(_world.HomeFolder.ReadSettings().Role("infusion-pump").Keys, Is.EqualTo(["release", "approver-2"]));
        string path = _world.Transcripts().Single();
        Assert.That(_world.Verify("release", path, path + ".release.sig"), Is.Zero);
    }

    [Test]
    [Proves("H-8")]
    public async Task Threshold_of_root_is_raised_by_a_ceremony_and_lowered_again()
    {
        (await _world.RunCeremonyAsync(_world.Ceremony(RaiseRoot))).Ok();
        Assert.That(Client.Update(_world).Root.Root.Threshold, Is.EqualTo(3));
        (await _world.RunCeremonyAsync(_world.Ceremony(RaiseRoot.Replace("3", "2", StringComparison.Ordinal), "lower.yaml"))).Ok();
        Assert.That((Client.Update(_world).Root.Root.Threshold, _world.Transcripts().Length), Is.EqualTo((2, 2)));
    }

    [Test]
    public async Task First_ceremony_is_run_by_its_file_as_well()
    {
        using SignerWorld world = new();
        string plan = world.Ceremony(System.Text.RegularExpressions.Regex.Replace(SignerWorld.ShippedPlan, "(?<=token: )[a-z0-9-]+", match => world.Token(match.Value), System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)));
        (await world.RunCeremonyAsync(plan, "root-1", "--module", SoftHsm.ModulePath)).Refused("--keys: wanted with a file that changes roles");
        (await world.RunAsync("ceremony", "run", plan, "--home", world.Home)).Refused("--pin-dir: wanted the PINs of the tokens to be made, got none");
        Assert.That((await world.RunCeremonyAsync(plan, null, "--module", SoftHsm.ModulePath)).Ok().Output, Does.StartWith("made: 11 keys on 8 tokens, plan "));
        (await world.RunAsync("ceremony", "--plan", world.Ceremony(CeremonyWorld.RotateRoot, "other.yaml"), "--home", world.Home, "--pin-dir", world.Pins)).Refused("plan: kind: wanted create, got change");
    }
}
