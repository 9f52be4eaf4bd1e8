using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;
using Fota.TestKit;

namespace Fota.Signer.Tests.Roles;

/// <summary>Signatures that must not be made, and repositories that clients would refuse.</summary>
[TestFixture]
public sealed class RoleChangeRefusalTests
{
    private SignerWorld _world = null!;

    [SetUp]
    public async Task MakeHome() => _world = await SignerWorld.CreateAsync();

    [TearDown]
    public void RemoveHome() => _world.Dispose();

    [Test]
    public async Task Second_change_waits_for_the_first()
    {
        await _world.ProposeAsync("--role root --renew");
        (await _world.TryProposeAsync("--role targets --renew")).Refused("a change is on its way already");
        (await _world.RunAsync("role", "discard", "--home", _world.Home)).Ok();
        await _world.ProposeAsync("--role targets --renew");
    }

    [Test]
    public async Task Key_that_has_nothing_to_sign_signs_nothing()
    {
        string change = await _world.ProposeAsync("--role root --renew");
        (await _world.SignChangeAsync(change, "targets")).Refused("key 'targets' has nothing to sign in this change; it wants root 2: wanted 2 signatures by the keys of root 1, got 0");
        Assert.That((await _world.RunAsync("journal", "--home", _world.Home)).Ok().Output, Does.Not.Contain("root 2"));
    }

    [Test]
    public async Task Key_signs_what_it_may_once_and_shows_digest_and_difference()
    {
        (await _world.MakeKeyAsync("root-4")).Ok();
        string change = await _world.ProposeAsync("--role root --add-key root-4 --remove-key root-1");
        string output = (await _world.SignChangeAsync(change, "root-2")).Ok().Output;
        SignedMetadata drafted = SignedMetadata.Decode(await File.ReadAllBytesAsync(Path.Combine(_world.HomeFolder.Change, "roles", "root.json")), DecodeLimits.RootBytes, MetadataProfile.Fota).OrThrow();
        Assert.That(output, Does.Contain($"root 2: sha256 of the signed bytes {Sha256Digest.Of(drafted.SignedBytes.Span)}\n").And.Contain("  - key of root: root-1 (").And.Contain("  + key of root: root-4 (").And.Contain("signed: 1 with root-2\n"));
        Assert.That((await _world.SignChangeAsync(change, "root-2")).Ok().Output, Does.Contain("\nkey root-2 has signed before what it can sign now\n").And.Not.Contain(" signs root 2"));
    }

    [Test]
    public async Task A45_Change_with_another_digest_than_the_signer_was_told_is_not_signed()
    {
        await _world.ProposeAsync("--role root --renew");
        (await _world.SignChangeAsync(new string('0', 64), "root-1")).Refused($"change: wanted {new string('0', 64)} (the one to be signed), got ");
    }

    [Test]
    [Proves("R-51")]
    public async Task A45_Change_with_another_digest_than_was_agreed_upon_is_not_applied_and_no_key_is_opened()
    {
        string change = await _world.ProposeAsync("--role timestamp --expires-days 3"), other = new('0', 64);
        (await _world.RunAsync("role", "apply", "--home", _world.Home, "--change", other, "--pin-file", _world.PathOf("nowhere"))).Refused($"change: wanted {other} (the one to be applied), got {change}");
        Assert.That((await _world.ApplyAsync(change)).Ok().Output, Does.StartWith("  - policy of timestamp: ").And.Contain("  + policy of timestamp: what it signs is good for 3 days\napplied: change "));
    }

    [Test]
    public async Task A03_Change_that_is_dated_ahead_is_neither_signed_nor_applied()
    {
        _world.Clock.Step(TimeSpan.FromDays(3));
        string change = await _world.ProposeAsync("--role targets --renew"), ahead = $"{_world.Clock.GetUtcNow():u}";
        (await _world.SignChangeAsync(change, "targets")).Ok();
        _world.Clock.Step(TimeSpan.FromDays(-3));
        string refusal = $"change: wanted one that was proposed by now ({_world.Clock.GetUtcNow():u}), got one of {ahead}";
        (await _world.SignChangeAsync(change, "targets")).Refused(refusal);
        await IsRefusedAndNothingChangesAsync(change, refusal);
    }

    [Test]
    public async Task A45_Draft_that_was_altered_is_not_signed()
    {
        (await _world.MakeKeyAsync("root-4")).Ok();
        string change = await _world.ProposeAsync("--role root --add-key root-4 --remove-key root-1");
        string file = Path.Combine(_world.HomeFolder.Change, "roles", "root.json");
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace("\"threshold\":2", "\"threshold\":1", StringComparison.Ordinal));
        (await _world.SignChangeAsync(change, "root-2")).Refused("root.json: wanted what the proposal says, got other metadata");
    }

    [Test]
    public async Task A45_Proposal_that_was_altered_is_not_signed()
    {
        (await _world.MakeKeyAsync("root-4")).Ok();
        string change = await _world.ProposeAsync("--role root --add-key root-4");
        string text = await File.ReadAllTextAsync(_world.HomeFolder.Proposal);
        await File.WriteAllTextAsync(_world.HomeFolder.Proposal, text.Replace("\"threshold\": null", "\"threshold\": 3", StringComparison.Ordinal));
        (await _world.SignChangeAsync(change, "root-2")).Refused("the change is not what it was when it was proposed");
    }

    [Test]
    public async Task A45_Envelope_of_another_manifest_in_the_draft_is_not_signed()
    {
        await _world.ReleaseAsync("1.0.0");
        await _world.ReleaseAsync("1.1.0");
        (await _world.MakeKeyAsync("approver-2")).Ok();
        string change = await _world.ProposeAsync("--role infusion-pump --add-key approver-2 --remove-key approver");
        string envelope = Path.Combine(_world.HomeFolder.Change, "envelopes/infusion-pump/1.0.0/manifest.suit");
        Directory.CreateDirectory(Path.GetDirectoryName(envelope)!);
        File.Copy(Directory.GetFiles(_world.Repository.FullPath("targets/infusion-pump/1.1.0")).Single(), envelope);
        (await _world.SignChangeAsync(change, "approver-2")).Refused("envelopes/infusion-pump/1.0.0/manifest.suit: wanted manifest ");
    }

    [Test]
    public async Task Release_that_was_published_meanwhile_voids_a_change_of_its_product()
    {
        await _world.ReleaseAsync("1.0.0");
        string change = await _world.ProposeAsync("--role infusion-pump --renew");
        await _world.ReleaseAsync("1.1.0");
        (await _world.SignChangeAsync(change, "release")).Refused("the change is not what it was when it was proposed, as the repository moved on");
    }

    [Test]
    public async Task P6_Process_that_reaches_a_threshold_of_the_products_coming_keys_refuses()
    {
        await _world.ReleaseAsync("1.0.0");
        (await _world.MakeKeyAsync("approver-2")).Ok();
        string change = await _world.ProposeAsync("--role infusion-pump --add-key approver-2 --remove-key approver");
        _world.Environment[Keys.PinSource.VariableOf(_world.Token("release"))] = "pin of release";
        (await _world.SignChangeAsync(change, "approver-2")).Refused("this process can reach 2 keys of product infusion-pump (release, approver-2)");
    }

    [Test]
    public async Task P6_Process_that_reaches_a_threshold_of_root_keys_refuses()
    {
        string change = await _world.ProposeAsync("--role root --renew");
        _world.Environment[Keys.PinSource.VariableOf(_world.Token("root-1"))] = "pin of root-1";
        (await _world.SignChangeAsync(change, "root-2")).Refused("this process can reach 2 keys of role root (root-1, root-2)");
    }

    [Test]
    public async Task Settings_that_contradict_signed_metadata_are_no_ground_for_a_change()
    {
        string settings = await File.ReadAllTextAsync(_world.HomeFolder.Settings);
        await File.WriteAllTextAsync(_world.HomeFolder.Settings, settings.Replace("\"root-3\"\n", "\"targets\"\n", StringComparison.Ordinal));
        (await _world.TryProposeAsync("--role targets --renew")).Refused("wanted keys of one purpose");
        int at = settings.IndexOf("\"threshold\": 2", StringComparison.Ordinal);
        await File.WriteAllTextAsync(_world.HomeFolder.Settings, settings.Remove(at, 14).Insert(at, "\"threshold\": 3"));
        (await _world.TryProposeAsync("--role targets --renew")).Refused("signer.json: role root: wanted 2 of root-1, root-2, root-3, as signed metadata says, got 3 of root-1, root-2, root-3");
    }

    [Test]
    [Proves("R-48")]
    public async Task Change_over_a_repository_that_clients_would_refuse_is_not_applied_and_nothing_changes()
    {
        await _world.ReleaseAsync("1.0.0");
        string change = await _world.ProposeAsync("--role targets --renew");
        (await _world.SignChangeAsync(change, "targets")).Ok();
        string table = Directory.GetFiles(_world.Repository.FullPath("tables")).Single();
        byte[] content = await File.ReadAllBytesAsync(table);
        content[^1] ^= 1;
        await File.WriteAllBytesAsync(table, content);
        await IsRefusedAndNothingChangesAsync(change, "not written, as clients would refuse the repository: ChunkTableMismatch");
    }

    [Test]
    [Proves("R-43")]
    public async Task A45_Published_signature_that_was_cut_out_of_a_drafted_envelope_stays_published() =>
        await IsSignedAsPublishedAsync(static published => SignedEnvelope.Begin(published.UnverifiedContent().OrThrow()));

    [Test]
    [Proves("R-43")]
    public async Task A45_Signature_of_a_stranger_in_a_drafted_envelope_is_left_out() => await IsSignedAsPublishedAsync(static published =>
    {
        SoftwareKey stranger = SoftwareKey.EcdsaP256();
        return published.WithSignature(stranger.PublicKey, stranger.Sign(published.ToBeSigned(stranger.PublicKey)));
    });

    [Test]
    [Proves("R-48")]
    public async Task A45_Bad_signatures_in_a_drafted_role_are_left_out_and_the_good_one_beside_them_counts()
    {
        string change = await _world.ProposeAsync("--role root --renew");
        (await _world.SignChangeAsync(change, "root-1")).Ok();
        string file = Path.Combine(_world.HomeFolder.Change, "roles", "root.json");
        SignedMetadata drafted = SignedMetadata.Decode(await File.ReadAllBytesAsync(file), DecodeLimits.RootBytes, MetadataProfile.Fota).OrThrow();
        SoftwareKey stranger = SoftwareKey.EcdsaP256();
        MetadataSignature foreign = MetadataSignature.From(stranger.PublicKey, stranger.Sign(drafted.SignedBytes.ToArray()));
        MetadataSignature forged = foreign with { Key = MetadataKeyId.Of(_world.HomeFolder.PublicKey(_world.HomeFolder.ReadSettings().Key("root-2"))) };
        await File.WriteAllBytesAsync(file, SignedMetadata.Assemble(drafted.SignedBytes.Span, [foreign, .. drafted.Signatures, forged]));
        await IsRefusedAndNothingChangesAsync(change, "root 2: wanted 2 signatures by the keys of root 1, got 1; can sign: root-2, root-3");

        (await _world.SignChangeAsync(change, "root-2")).Ok();
        (await _world.ApplyAsync(change)).Ok();

        SignedMetadata root = SignedMetadata.Decode(_world.Repository.Read("metadata/2.root.json"), DecodeLimits.RootBytes, MetadataProfile.Fota).OrThrow();
        Assert.That((root.Signatures.Count, Client.Update(_world).Root.Version), Is.EqualTo((2, 2L)));
    }

    [Test]
    [Proves("R-48")]
    public async Task A03_Change_that_lay_about_for_half_of_its_life_is_not_applied()
    {
        string change = await _world.ProposeAsync("--role root --renew");
        (await _world.SignChangeAsync(change, "root-1")).Ok();
        (await _world.SignChangeAsync(change, "root-2")).Ok();
        _world.Clock.Step(TimeSpan.FromDays(366));
        await IsRefusedAndNothingChangesAsync(change, "root 2: wanted more than half of its life before it");
    }

    [Test]
    [Proves("R-48")]
    public async Task A09_Signatures_below_the_threshold_are_not_applied()
    {
        await _world.ReleaseAsync("1.0.0");
        string change = await _world.ProposeAsync("--role infusion-pump --renew");
        (await _world.SignChangeAsync(change, "release")).Ok();
        await IsRefusedAndNothingChangesAsync(change, "infusion-pump 2: wanted 2 signatures by the keys of infusion-pump, got 1; can sign: approver");
    }

    [Test]
    [Proves("R-48")]
    public async Task A02_Change_over_a_snapshot_that_was_set_back_is_not_applied()
    {
        await _world.ReleaseAsync("1.0.0");
        await _world.ReleaseAsync("1.1.0");
        _world.Repository.WriteState(_world.Repository.ReadState().With(SignerWorld.Product, 1));
        string change = await _world.ProposeAsync("--role targets --renew");
        (await _world.SignChangeAsync(change, "targets")).Ok();
        await IsRefusedAndNothingChangesAsync(change, "not written, as clients would refuse the repository: MetadataRollback");
    }

    private async Task IsSignedAsPublishedAsync(Func<SignedEnvelope, SignedEnvelope> tamper)
    {
        await _world.ReleaseAsync("1.0.0");
        (await _world.MakeKeyAsync("approver-2")).Ok();
        string change = await _world.ProposeAsync("--role infusion-pump --add-key approver-2 --remove-key approver");
        SignedEnvelope published = Client.Manifest(_world, "1.0.0").Envelope;
        string file = Path.Combine(_world.HomeFolder.Change, "envelopes/infusion-pump/1.0.0/manifest.suit");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllBytesAsync(file, tamper(published).Bytes.ToArray());
        foreach (string signer in new[] { "targets", "approver-2", "release" })
        {
            (await _world.SignChangeAsync(change, signer)).Ok();
        }

        (await _world.ApplyAsync(change)).Ok();
        byte[][] signatures = [.. Client.Manifest(_world, "1.0.0").Envelope.Signatures.Select(static signature => signature.Bytes.ToArray())];
        Assert.That(signatures[..2], Is.EqualTo(published.Signatures.Select(static signature => signature.Bytes.ToArray())));
        Assert.That(signatures, Has.Length.EqualTo(3), "the published ones, and approver-2's");
    }

    private async Task IsRefusedAndNothingChangesAsync(string change, string sentence)
    {
        Dictionary<string, string> before = Files();
        (await _world.ApplyAsync(change)).Refused(sentence);
        Assert.That(Files(), Is.EqualTo(before));
    }

    private Dictionary<string, string> Files() => Directory.GetFiles(_world.HomeFolder.Repository, "*", SearchOption.AllDirectories).Append(_world.HomeFolder.Settings)
        .ToDictionary(static file => file, static file => Sha256Digest.Of(File.ReadAllBytes(file)).ToString(), StringComparer.Ordinal);
}
