using Fota.Interop.Cryptoki;
using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Signer.Tests;

/// <summary>Promise P6 and attack A45: two people, each with a token and a process, over the very same bytes.</summary>
[TestFixture]
public sealed class SeparationTests
{
    private SignerWorld _world = null!;

    [SetUp]
    public async Task MakeHome() => _world = await SignerWorld.CreateAsync();

    [TearDown]
    public void RemoveHome() => _world.Dispose();

    [Test]
    public async Task P6_Author_cannot_approve()
    {
        string digest = await _world.DraftAsync("1.0.0");
        (await _world.ReleaseAsync("approve", "1.0.0", "release", "--as", "release", "--manifest-digest", digest)).Refused("the author never approves");
        Assert.That(File.Exists(_world.Draft("1.0.0", "roles/infusion-pump.json")), Is.False);
    }

    [Test]
    public async Task P6_Author_cannot_approve_with_another_key_of_the_same_token()
    {
        string digest = await _world.DraftAsync("1.0.0");
        string settings = await File.ReadAllTextAsync(_world.HomeFolder.Settings);
        IReadOnlyList<Home.KeySettings> keys = _world.HomeFolder.ReadSettings().Keys;
        string author = keys.Single(static key => key.Label == "release").Serial, approver = keys.Single(static key => key.Label == "approver").Serial;
        await File.WriteAllTextAsync(_world.HomeFolder.Settings, settings.Replace(author, approver, StringComparison.Ordinal));
        (await _world.ApproveAsync("1.0.0", digest)).Refused("the author never approves");
    }

    [Test]
    public async Task P6_Author_cannot_approve_after_the_approver_did()
    {
        string digest = await _world.ApprovedAsync("1.0.0");
        (await _world.ReleaseAsync("approve", "1.0.0", "release", "--as", "release", "--manifest-digest", digest)).Refused("the author never approves");
    }

    [Test]
    public async Task P6_Approver_cannot_publish()
    {
        await _world.ApprovedAsync("1.0.0");
        (await _world.ReleaseAsync("publish", "1.0.0", "approver", "--as", "approver")).Refused("is published by its author, and key 'approver' did not author it");
    }

    [Test]
    public async Task P6_Key_of_no_product_makes_no_release() =>
        (await _world.ReleaseAsync("create", "1.0.0", "online", "--as", "online", "--security-version", "1", "--image", _world.Image("1.0.0"))).Refused("is no key of product infusion-pump");

    [Test]
    public async Task P6_One_signature_is_not_a_release_without_an_approval()
    {
        await _world.DraftAsync("1.0.0");
        (await _world.PublishAsync("1.0.0")).Refused("is not approved yet");
    }

    [Test]
    public async Task P6_One_signature_is_not_a_release_when_the_envelope_has_only_the_authors()
    {
        await _world.DraftAsync("1.0.0");
        byte[] single = await File.ReadAllBytesAsync(_world.Draft("1.0.0", "manifest.suit"));
        (await _world.ApproveAsync("1.0.0", Digest(single))).Ok();
        await File.WriteAllBytesAsync(_world.Draft("1.0.0", "manifest.suit"), single);
        (await _world.PublishAsync("1.0.0")).Refused("ThresholdNotMet");
        AssertNothingPublished();
    }

    [Test]
    public async Task P6_Process_that_reaches_a_threshold_of_pins_refuses()
    {
        SetPin("release");
        SetPin("approver");
        string[] create = ["release", "create", "--home", _world.Home, "--product", "infusion-pump", "--version", "1.0.0", "--security-version", "1", "--image", _world.Image("1.0.0")];
        (await _world.RunAsync(create)).Refused("this process can reach 2 keys of product infusion-pump (release, approver)");

        // One PIN less, and the same command does its work.
        _world.Environment.Remove(Keys.PinSource.VariableOf(_world.Token("approver")));
        (await _world.RunAsync(create)).Ok();
    }

    [Test]
    public async Task P6_Process_with_one_pin_in_a_file_and_one_in_its_environment_refuses()
    {
        SetPin("approver");
        (await _world.CreateAsync("1.0.0")).Refused("this process can reach 2 keys");
    }

    [Test]
    public async Task P6_Online_process_that_reaches_a_threshold_of_pins_refuses()
    {
        SetPin("release");
        SetPin("approver");
        (await _world.OnlineAsync()).Refused("this process can reach 2 keys");
    }

    [Test]
    public async Task A45_Approval_of_another_digest_than_the_drafts_is_refused()
    {
        await _world.DraftAsync("1.0.0");
        (await _world.ApproveAsync("1.0.0", new string('0', 64))).Refused("manifest digest: wanted " + new string('0', 64));
    }

    [Test]
    public async Task A45_Draft_that_was_replaced_since_it_was_shown_is_refused()
    {
        string shown = await _world.DraftAsync("1.0.0");
        (await _world.CreateAsync("1.0.0", _world.Image("another"))).Ok();
        (await _world.ApproveAsync("1.0.0", shown)).Refused($"manifest digest: wanted {shown}");
    }

    [Test]
    public async Task A45_Envelope_of_another_release_is_refused()
    {
        await _world.DraftAsync("1.0.0");
        string other = await _world.DraftAsync("1.1.0");
        Swap("1.0.0", "1.1.0", "manifest.suit");
        (await _world.ApproveAsync("1.0.0", other)).Refused("release version: wanted 1.0.0, got 1.1.0");
    }

    [TestCase("chunk-table", "ChunkTableMismatch")]
    [TestCase("pack", "pack: wanted packs/")]
    public async Task A45_Payload_of_another_release_is_refused(string file, string reason)
    {
        string digest = await _world.DraftAsync("1.0.0");
        await _world.DraftAsync("1.1.0");
        Swap("1.0.0", "1.1.0", file);
        (await _world.ApproveAsync("1.0.0", digest)).Refused(reason);
    }

    [TestCase(false, "PackForAnotherImage")]
    [TestCase(true, "ChunkMismatch")]
    public async Task A45_Pack_of_another_image_is_refused_although_the_author_signed_its_name(bool claimsTheImage, string reason)
    {
        await _world.DraftAsync("1.0.0");
        await _world.DraftAsync("1.1.0");
        byte[] pack = await File.ReadAllBytesAsync(_world.Draft("1.1.0", "pack"));
        UpdateManifest manifest = Manifest("1.0.0");
        if (claimsTheImage)
        {
            ((ComponentImages.ForBothSlots)manifest.Components[0].Images).Image.ImageDigest.Bytes.CopyTo(pack.AsSpan(8));
        }

        SignedEnvelope envelope = SignAsAuthor(manifest.WithImage(i => i with { PackUri = $"packs/{Sha256Digest.Of(pack)}" }));
        await File.WriteAllBytesAsync(_world.Draft("1.0.0", "pack"), pack);
        await File.WriteAllBytesAsync(_world.Draft("1.0.0", "manifest.suit"), envelope.Bytes.ToArray());
        (await _world.ApproveAsync("1.0.0", envelope.ClaimedDigest.ToString())).Refused(reason);
    }

    [Test]
    public async Task A45_Pack_with_bytes_behind_its_last_frame_is_refused_although_the_author_signed_its_name()
    {
        await _world.DraftAsync("1.0.0");
        byte[] pack = [.. await File.ReadAllBytesAsync(_world.Draft("1.0.0", "pack")), 0];
        SignedEnvelope envelope = SignAsAuthor(Manifest("1.0.0").WithImage(i => i with { PackUri = $"packs/{Sha256Digest.Of(pack)}" }));
        await File.WriteAllBytesAsync(_world.Draft("1.0.0", "pack"), pack);
        await File.WriteAllBytesAsync(_world.Draft("1.0.0", "manifest.suit"), envelope.Bytes.ToArray());
        (await _world.ApproveAsync("1.0.0", envelope.ClaimedDigest.ToString())).Refused("PackMalformed: pack: wanted");
    }

    [TestCase("vendorDomain\": \"pumps.example", "vendorDomain\": \"other.example", "vendor id: wanted")]
    [TestCase("infusion-pump rev B", "infusion-pump rev C", "class id: wanted")]
    public async Task A45_Draft_for_another_vendor_or_class_is_refused(string own, string other, string reason)
    {
        string digest = await _world.DraftAsync("1.0.0");
        string settings = await File.ReadAllTextAsync(_world.HomeFolder.Settings);
        Assert.That(settings, Does.Contain(own));
        await File.WriteAllTextAsync(_world.HomeFolder.Settings, settings.Replace(own, other, StringComparison.Ordinal));
        (await _world.ApproveAsync("1.0.0", digest)).Refused(reason);
    }

    [Test]
    public async Task A45_Envelope_that_no_key_of_the_product_signed_is_refused()
    {
        string digest = await _world.DraftAsync("1.0.0");
        SoftwareKey stranger = SoftwareKey.EcdsaP256();
        SignedEnvelope unsigned = SignedEnvelope.Begin(Manifest("1.0.0"));
        SignedEnvelope envelope = unsigned.WithSignature(stranger.PublicKey, stranger.Sign(unsigned.ToBeSigned(stranger.PublicKey)));
        await File.WriteAllBytesAsync(_world.Draft("1.0.0", "manifest.suit"), envelope.Bytes.ToArray());
        (await _world.ApproveAsync("1.0.0", digest)).Refused("wanted an envelope that is first signed by a key of product infusion-pump");
    }

    [TestCase("chunk-table", "ChunkTableMismatch")]
    [TestCase("pack", "pack: wanted packs/")]
    public async Task A45_Payload_that_changed_after_the_approval_is_refused(string file, string reason)
    {
        await _world.ApprovedAsync("1.0.0");
        byte[] content = await File.ReadAllBytesAsync(_world.Draft("1.0.0", file));
        content[^1] ^= 1;
        await File.WriteAllBytesAsync(_world.Draft("1.0.0", file), content);
        (await _world.PublishAsync("1.0.0")).Refused(reason);
        AssertNothingPublished();
    }

    [Test]
    public async Task A45_Approved_role_whose_bytes_were_changed_is_refused()
    {
        await _world.ApprovedAsync("1.0.0");
        string role = await File.ReadAllTextAsync(_world.Draft("1.0.0", "roles/infusion-pump.json"));
        await File.WriteAllTextAsync(_world.Draft("1.0.0", "roles/infusion-pump.json"), role.Replace("\"version\":1}", "\"version\":2}", StringComparison.Ordinal));
        (await _world.PublishAsync("1.0.0")).Refused("bears no valid signature of another key");
        AssertNothingPublished();
    }

    [Test]
    public async Task A45_Approved_role_of_another_release_is_refused()
    {
        await _world.ApprovedAsync("1.0.0");
        await _world.ApprovedAsync("1.1.0");
        Swap("1.0.0", "1.1.0", "roles/infusion-pump.json");
        (await _world.PublishAsync("1.0.0")).Refused("wanted the current role and infusion-pump 1.0.0 as it was approved");
        AssertNothingPublished();
    }

    [Test]
    public async Task A45_Role_without_any_signature_is_refused()
    {
        await _world.ApprovedAsync("1.0.0");
        SignedMetadata role = SignedMetadata.Decode(await File.ReadAllBytesAsync(_world.Draft("1.0.0", "roles/infusion-pump.json")), DecodeLimits.TargetsBytes, MetadataProfile.Fota).OrThrow();
        await File.WriteAllBytesAsync(_world.Draft("1.0.0", "roles/infusion-pump.json"), SignedMetadata.Assemble(role.SignedBytes.Span, []));
        (await _world.PublishAsync("1.0.0")).Refused("bears no valid signature of another key");
    }

    private static string Digest(byte[] envelope) => SignedEnvelope.Decode(envelope).OrThrow().ClaimedDigest.ToString();

    private UpdateManifest Manifest(string version)
    {
        SignedEnvelope envelope = SignedEnvelope.Decode(File.ReadAllBytes(_world.Draft(version, "manifest.suit"))).OrThrow();
        string key = File.ReadAllText(Path.Combine(_world.HomeFolder.Keys, "release.pem"));
        return VerifiedManifest.Verify(envelope, ReleaseAnchors.Classical(new RoleKeys([VerificationKey.FromPem(key)], 1))).OrThrow().Content;
    }

    /// <summary>What an author can do who goes round the program: the token is the real one.</summary>
    private SignedEnvelope SignAsAuthor(UpdateManifest manifest)
    {
        using CryptokiLibrary library = CryptokiLibrary.Load(SoftHsm.ModulePath);
        using Pin pin = Pin.FromUtf8("pin of release"u8);
        using Token token = Token.Open(library, _world.Token("release"), pin);
        TokenKey key = token.FindKey("release");
        VerificationKey publicKey = VerificationKey.FromSubjectPublicKeyInfo(key.SubjectPublicKeyInfo);
        SignedEnvelope envelope = SignedEnvelope.Begin(manifest);
        return envelope.WithSignature(publicKey, key.Sign(envelope.ToBeSigned(publicKey)));
    }

    private void SetPin(string token) => _world.Environment[Keys.PinSource.VariableOf(_world.Token(token))] = $"pin of {token}";

    private void Swap(string into, string from, string file) => File.Copy(_world.Draft(from, file), _world.Draft(into, file), overwrite: true);

    private void AssertNothingPublished() => Assert.That(_world.Repository.ReadState().Delegated, Is.Empty);
}
