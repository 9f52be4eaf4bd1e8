using System.Text.Json;
using Fota.Manifest.Encoding;
using Fota.Manifest.Metadata;
using Fota.Signer.Approval;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.Signer.Keys;
using Fota.TestKit;

namespace Fota.Signer.Tests.Service;

[TestFixture]
public sealed class TwoPersonTests
{
    [Test]
    [Proves("S-1")]
    public async Task P6_Service_that_could_reach_every_product_key_does_not_start()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync(start: false);
        world.Settings["pins"] = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [world.Signer.Token("online")] = world.Signer.PinFile("online"),
            [world.Signer.Token("release")] = world.Signer.PinFile("release"),
            [world.Signer.Token("approver")] = world.Signer.PinFile("approver"),
        };
        Assert.That(world.StartAsync, Throws.TypeOf<SignerRefusalException>().With.Message.Contains("this process can reach 2 keys of product infusion-pump (release, approver), and 2 make a release"));
    }

    [Test]
    [Proves("S-1")]
    public async Task P6_Service_does_not_start_while_the_environment_holds_the_missing_pin()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync(start: false);
        world.Signer.Environment[PinSource.VariableOf(world.Signer.Token("approver"))] = "pin of approver";
        Assert.That(world.StartAsync, Throws.TypeOf<SignerRefusalException>().With.Message.Contains("this process can reach 2 keys of product infusion-pump"));
    }

    [Test]
    [Proves("S-1")]
    public async Task P6_Service_that_holds_the_key_of_the_targets_role_does_not_start()
    {
        // The settings call it an online token; what is on it counts.
        await using ServiceWorld world = await ServiceWorld.CreateAsync(start: false);
        string settings = await File.ReadAllTextAsync(world.Signer.HomeFolder.Settings);
        JsonElement parsed = JsonSerializer.Deserialize<JsonElement>(settings);
        JsonElement targets = parsed.GetProperty("keys").EnumerateArray().Single(static key => key.GetProperty("label").GetString() == "targets");
        string changed = settings.Replace("\"release\",\n        \"approver\"", "\"targets\",\n        \"approver\"", StringComparison.Ordinal);
        Assert.That(changed, Is.Not.EqualTo(settings));
        await File.WriteAllTextAsync(world.Signer.HomeFolder.Settings, changed);
        world.Settings["pins"] = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [world.Signer.Token("online")] = world.Signer.PinFile("online"),
            [targets.GetProperty("token").GetString()!] = world.Signer.PinFile("targets"),
        };
        Assert.That(world.StartAsync, Throws.TypeOf<SignerRefusalException>().With.Message.Contains("this process can reach 1 keys of targets on the tokens that it opened"));
    }

    [Test]
    [Proves("S-3")]
    public async Task A45_Approval_by_who_asked_is_refused()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync(start: false);
        world.Settings["people"] = new object[]
        {
            new { name = "ci", certificate = "ci.pem", roles = new[] { "submitter", "approver" }, releaseKeys = new[] { "approver" } },
            new { name = "bo", certificate = "bo.pem", roles = new[] { "approver" }, releaseKeys = new[] { "second" } },
            new { name = "auditor", certificate = "auditor.pem", roles = new[] { "auditor" } },
        };
        await world.StartAsync();
        Answer request = await world.PendingAsync("1.0.0");
        (await world.SignAsync(request)).Ok();
        (await world.PostAsync("ci", $"requests/{request.Id}/approval", await File.ReadAllTextAsync(world.Signer.PathOf("approval.json")))).Refused(403, "Forbidden", "the author never approves");
    }

    [Test]
    [Proves("S-10")]
    public async Task A45_Approval_without_the_role_is_refused()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer request = await world.PendingAsync("1.0.0");
        (await world.SignAsync(request)).Ok();
        (await world.PostAsync("auditor", $"requests/{request.Id}/approval", await File.ReadAllTextAsync(world.Signer.PathOf("approval.json")))).Refused(403, "Forbidden", "wanted the role approver, got auditor");
    }

    [Test]
    [Proves("S-2")]
    public async Task A45_Approval_signed_with_somebody_elses_key_is_refused()
    {
        // cy may approve with another key than the one that signed.
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer request = await world.PendingAsync("1.0.0");
        (await world.SignAsync(request)).Ok();
        (await world.PostAsync("cy", $"requests/{request.Id}/approval", await File.ReadAllTextAsync(world.Signer.PathOf("approval.json")))).Refused(422, "Refused", "the author never approves");
    }

    [Test]
    [Proves("S-2")]
    public async Task A45_Approval_of_another_draft_than_there_is_now_is_refused()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer first = await world.PendingAsync("1.0.0");
        (await world.SignAsync(first)).Ok();
        (await world.PostAsync("ci", $"requests/{first.Id}/withdrawal", new { reason = "again" })).Ok();
        Answer second = await world.PendingAsync("1.0.0", ("attempt", 2));
        (await world.PostAsync("bo", $"requests/{second.Id}/approval", await File.ReadAllTextAsync(world.Signer.PathOf("approval.json")))).Refused(422, "Refused", "manifest digest: wanted");
        Assert.That((await world.GetAsync("bo", $"requests/{second.Id}")).State, Is.EqualTo("pending"));
    }

    [Test]
    public async Task A45_Approver_who_means_another_manifest_signs_nothing()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer request = await world.PendingAsync("1.0.0");
        (await world.SignAsync(request, new string('a', 64))).Refused("draft: manifest digest: wanted aaaa");
        Assert.That(File.Exists(world.Signer.PathOf("approval.json")), Is.False);
    }

    [Test]
    [Proves("S-4")]
    public async Task A02_Approver_who_is_shown_an_old_repository_signs_nothing()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        await world.ReleaseAsync("1.0.0");
        byte[] old = await File.ReadAllBytesAsync(Path.Combine(world.Signer.HomeFolder.Repository, "state.json"));
        await world.ReleaseAsync("1.1.0");
        Answer request = await world.PendingAsync("1.2.0");
        (await world.SignAsync(request)).Ok();
        await File.WriteAllBytesAsync(Path.Combine(world.Signer.HomeFolder.Repository, "state.json"), old);
        (await world.SignAsync(request)).Refused("role infusion-pump: wanted version 2 or later, which this home has seen, got 1");
    }

    [Test]
    [Proves("S-4")]
    public async Task A01_Approver_does_not_follow_a_root_that_is_not_the_ceremonys()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync(), other = await ServiceWorld.CreateAsync();
        (await world.Signer.RunAsync("approval", "home", "--home", world.Signer.PathOf("other"), "--settings", world.Signer.HomeFolder.Settings, "--root", Path.Combine(other.Signer.HomeFolder.Repository, "metadata", "1.root.json"))).Ok();
        Answer request = await world.PendingAsync("1.0.0");
        (await world.SignAsync(request)).Ok();
        CommandResult result = await world.Signer.RunAsync(
            "approval", "sign", "--home", world.Signer.PathOf("other"), "--product", SignerWorld.Product, "--version", "1.0.0", "--package", world.Signer.PathOf("package"),
            "--manifest-digest", request.ManifestDigest, "--out", world.Signer.PathOf("second.json"), "--pin-file", world.Signer.PinFile("approver"));
        Assert.That((result.ExitCode, File.Exists(world.Signer.PathOf("second.json"))), Is.EqualTo((1, false)));
        Assert.That(result.Error, Does.Contain("ThresholdNotMet"));
    }

    [Test]
    [Proves("S-12")]
    public async Task P7_Key_file_of_the_service_is_refused_in_production()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync(start: false);
        world.Settings["layout"] = "production";
        Assert.That(world.StartAsync, Throws.TypeOf<SignerRefusalException>().With.Message.Contains("tls.unsafeKeyFile: wanted a key in a token"));
    }

    [Test]
    [Proves("S-1")]
    public async Task P6_Service_with_the_pin_of_a_token_that_is_not_its_does_not_start()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync(start: false);
        world.Signer.Environment[PinSource.VariableOf(world.Signer.Token("targets"))] = "pin of targets";
        Assert.That(world.StartAsync, Throws.TypeOf<SignerRefusalException>().With.Message.Contains($"the service has the PIN of token '{world.Signer.Token("targets")}'"));
        world.Signer.Environment.Clear();
        ((Dictionary<string, string>)world.Settings["pins"])[world.Signer.Token("ca")] = world.Signer.PinFile("ca");
        Assert.That(world.StartAsync, Throws.TypeOf<SignerRefusalException>().With.Message.Contains($"the service has the PIN of token '{world.Signer.Token("ca")}'"));
    }

    [Test]
    [Proves("S-1")]
    public async Task P6_Tls_key_of_the_service_is_not_on_a_token_of_the_home()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync(start: false);
        world.Settings["tls"] = new { certificate = "service.pem", pkcs11Module = SoftHsm.ModulePath, tokenLabel = world.Signer.Token("approver"), keyLabel = "approver", pinFile = world.Signer.PinFile("approver") };
        Assert.That(world.StartAsync, Throws.TypeOf<SignerRefusalException>().With.Message.Contains("tls.tokenLabel: wanted a token of its own for the service's TLS key"));
        (await world.Signer.RunAsync("serve-tls-request", "--home", world.Signer.Home, "--config", world.SettingsFile, "--out", world.Signer.PathOf("tls.csr"))).Refused("tls.tokenLabel: wanted a token of its own");
    }

    [Test]
    [Proves("S-2")]
    public async Task A45_Approval_by_a_key_that_is_not_the_persons_or_with_a_strange_role_is_refused()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer request = await world.PendingAsync("1.0.0");
        (await world.SignAsync(request)).Ok();
        string approval = await File.ReadAllTextAsync(world.Signer.PathOf("approval.json"));
        (await world.PostAsync("dee", $"requests/{request.Id}/approval", approval)).Refused(422, "Refused", "wanted a signature by one of this approver's keys (second)");
        JsonElement parsed = JsonSerializer.Deserialize<JsonElement>(approval);
        string strange = approval.Replace("\"infusion-pump\":", $"\"../../../x\":{parsed.GetProperty("roles").GetProperty("infusion-pump").GetRawText()},\"infusion-pump\":", StringComparison.Ordinal);
        (await world.PostAsync("bo", $"requests/{request.Id}/approval", strange)).Refused(422, "Refused", "wanted infusion-pump, got role ../../../x");
        Assert.That((await world.GetAsync("bo", $"requests/{request.Id}")).State, Is.EqualTo("pending"));
    }

    [Test]
    [Proves("S-2")]
    public async Task A45_Approval_whose_role_another_key_of_the_product_signed_is_refused()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync(start: false);
        (await world.Signer.MakeKeyAsync("second")).Ok();
        await world.Signer.ChangeAsync("--role infusion-pump --add-key second", "targets second");
        (await world.Signer.RunAsync("approval", "home", "--home", world.ApproverHome, "--update", "--settings", world.Signer.HomeFolder.Settings)).Ok();
        await world.StartAsync();
        Answer request = await world.PendingAsync("1.0.0");
        (await world.SignAsync(request)).Ok();
        ApprovalDocument approval = ApprovalDocument.Parse(await File.ReadAllBytesAsync(world.Signer.PathOf("approval.json")));
        SignedMetadata role = SignedMetadata.Decode(approval.Roles[SignerWorld.Product], DecodeLimits.TargetsBytes, MetadataProfile.Fota).OrThrow();
        SignerHost host = world.Signer.Host(new StringWriter(), new StringWriter());
        using OpenedKey second = OpenedKey.Open(host, world.Signer.HomeFolder, "second", world.Signer.PinFile("second"));
        byte[] signature;
        using (SignerHome home = await SignerHome.OpenAsync(world.Signer.HomeFolder, host, CancellationToken.None))
        {
            signature = home.Signer.Sign(second.Key, SigningPurpose.ProductRole, "the same role", role.SignedBytes.ToArray());
        }

        byte[] file = SignedMetadata.Assemble(role.SignedBytes.Span, [MetadataSignature.From(second.Key.PublicKey, signature)]);
        byte[] mixed = (approval with { Roles = new Dictionary<string, byte[]>(StringComparer.Ordinal) { [SignerWorld.Product] = file } }).ToJson();
        (await world.PostAsync("bo", $"requests/{request.Id}/approval", System.Text.Encoding.UTF8.GetString(mixed))).Refused(422, "ThresholdNotMet", "infusion-pump (by the approver of infusion-pump 1.0.0)");
        (await world.PostAsync("bo", $"requests/{request.Id}/approval", System.Text.Encoding.UTF8.GetString(approval.ToJson()))).Ok();
    }

    [Test]
    [Proves("S-4")]
    public async Task A05_Approver_is_not_shown_another_file_under_a_number_that_was_seen()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer request = await world.PendingAsync("1.0.0");
        (await world.SignAsync(request)).Ok();
        string seen = Path.Combine(world.ApproverHome, "repository", "metadata", "1.targets.json");
        await File.AppendAllTextAsync(seen, " ");
        (await world.SignAsync(request)).Refused("1.targets.json: wanted the file that this home has seen, got another under the same number");
    }

    [Test]
    [Proves("S-10")]
    public async Task Certificate_that_has_ended_is_refused()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync(start: false);
        await world.EnrolAsync("bo", days: 10);
        await world.StartAsync();
        (await world.GetAsync("bo", "requests")).Ok();
        world.Signer.Clock.Step(TimeSpan.FromDays(11));
        (await world.GetAsync("bo", "requests")).Refused(401, "Unauthorized", "NotTimeValid");
    }
}
