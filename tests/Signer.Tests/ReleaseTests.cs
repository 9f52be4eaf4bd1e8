using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Signer.Tests;

[TestFixture]
public sealed class ReleaseTests
{
    [Test]
    public async Task Image_becomes_a_release_that_a_client_verifies()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        string digest = await world.ReleaseAsync("1.0.0");
        VerifiedManifest manifest = Client.Manifest(world, "1.0.0");
        UpdateManifest content = manifest.Content;
        Assert.That((manifest.Digest.ToString(), manifest.Signers.Count, content.Sequence.Value, content.SecurityVersion.Value), Is.EqualTo((digest, 2, 1UL, 1U)));
        Assert.That((content.VendorId, content.ClassId), Is.EqualTo((NameBasedUuid.Vendor("pumps.example"), NameBasedUuid.DeviceClass(NameBasedUuid.Vendor("pumps.example"), "infusion-pump rev B"))));
        Assert.That(Client.Image(world, "1.0.0"), Is.EqualTo(await File.ReadAllBytesAsync(world.Image("1.0.0"))));
    }

    [Test]
    public async Task Release_has_an_image_for_each_slot_the_versions_it_is_for_and_a_description()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        string digest = (await world.ReleaseAsync(
            "create", "1.1.0", "release", "--security-version", "1", "--image", world.Image("1.1.0"), "--image-b", world.Image("1.1.1"), "--installable-from", ">=1.0.0 <2.0.0", "--description", "Fixes the alarm."))
            .Ok().Value("manifest digest");
        (await world.ApproveAsync("1.1.0", digest)).Ok();
        (await world.PublishAsync("1.1.0")).Ok();
        (await world.OnlineAsync()).Ok();

        UpdateManifest content = Client.Manifest(world, "1.1.0").Content;
        Assert.That(content.InstallableFrom, Is.EqualTo(VersionRange.Parse(">=1.0.0 <2.0.0")));
        Assert.That(content.Text!.Descriptions["en"], Is.EqualTo("Fixes the alarm."));
        Assert.That(Client.Image(world, "1.1.0", 0), Is.EqualTo(await File.ReadAllBytesAsync(world.Image("1.1.0"))));
        Assert.That(Client.Image(world, "1.1.0", 1), Is.EqualTo(await File.ReadAllBytesAsync(world.Image("1.1.1"))));
    }

    [TestCase("--installable-from", "1.0", "wanted comparisons such as")]
    [TestCase("--override-gates", "power,doors", "wanted some of power,clinical-use,maintenance-window,consent,command")]
    [TestCase("--description", "bell \u0007", "wanted 1 to 4096 printable characters")]
    public async Task P10_Range_or_description_that_cannot_be_signed_is_refused(string option, string value, string reason)
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        CommandResult result = await world.ReleaseAsync("create", "1.1.0", "release", "--security-version", "1", "--image", world.Image("1.1.0"), option, value);
        Assert.That((result.ExitCode, result.Error.Contains(reason, StringComparison.Ordinal)), Is.EqualTo((2, true)), result.Error);
    }

    [Test]
    [Proves("G-24")]
    public async Task A43_Approver_says_which_gates_a_release_may_pass_or_it_is_not_approved()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        CommandResult created = (await world.ReleaseAsync(
            "create", "1.1.0", "release", "--security-version", "1", "--image", world.Image("1.1.0"), "--override-gates", "maintenance-window,power")).Ok();
        string digest = created.Value("manifest digest");
        Assert.That(created.Value("emergency"), Is.EqualTo("on devices it may pass closed gates: power,maintenance-window"));
        Assert.That(created.Value("next"), Does.EndWith($"--manifest-digest {digest} --override-gates power,maintenance-window"));
        foreach (string[] said in (string[][])[[], ["--override-gates", "power"]])
        {
            CommandResult refused = await world.ReleaseAsync("approve", "1.1.0", "approver", ["--manifest-digest", digest, .. said]);
            Assert.That(
                (refused.ExitCode, refused.Error),
                Is.EqualTo((1, $"draft: overridden gates: wanted {(said.Length > 0 ? "power" : "none")} (those to be approved), got power,maintenance-window")));
        }

        CommandResult approved = (await world.ReleaseAsync("approve", "1.1.0", "approver", "--manifest-digest", digest, "--override-gates", "power,maintenance-window")).Ok();
        Assert.That(approved.Value("approved"), Does.Contain("overrides gates power,maintenance-window"));
        (await world.PublishAsync("1.1.0")).Ok();
        (await world.OnlineAsync()).Ok();
        Assert.That(Client.Manifest(world, "1.1.0").Content.GateOverride, Is.EqualTo(GateOverride.Parse("power,maintenance-window")));
        Assert.That((await world.RunAsync("release", "list", "--home", world.Home)).Ok().Output, Does.Contain("overrides gates power,maintenance-window"));
    }

    [Test]
    [Proves("G-24")]
    public async Task A43_Gates_cannot_be_approved_of_a_release_that_passes_none()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        string digest = (await world.CreateAsync("1.0.0")).Ok().Value("manifest digest");
        CommandResult refused = await world.ReleaseAsync("approve", "1.0.0", "approver", "--manifest-digest", digest, "--override-gates", "power");
        Assert.That(refused.Error, Is.EqualTo("draft: overridden gates: wanted power (those to be approved), got none"));
    }

    [Test]
    [Proves("G-24")]
    public async Task A43_Emergency_does_not_come_again_with_a_reissue()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        string digest = (await world.ReleaseAsync("create", "1.1.0", "release", "--security-version", "1", "--image", world.Image("1.1.0"), "--override-gates", "power")).Ok().Value("manifest digest");
        (await world.ReleaseAsync("approve", "1.1.0", "approver", "--manifest-digest", digest, "--override-gates", "power")).Ok();
        (await world.PublishAsync("1.1.0")).Ok();
        (await world.OnlineAsync()).Ok();

        digest = (await world.ReleaseAsync("reissue", "1.1.0", "release")).Ok().Value("manifest digest");
        (await world.ApproveAsync("1.1.0", digest)).Ok();
        (await world.PublishAsync("1.1.0")).Ok();
        (await world.OnlineAsync()).Ok();
        Assert.That(Client.Manifest(world, "1.1.0").Content.GateOverride, Is.EqualTo(GateOverride.None));
    }

    [Test]
    public async Task Each_step_prints_the_command_that_comes_next()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        CommandResult created = (await world.CreateAsync("1.0.0")).Ok();
        string release = $"--home {world.Home} --product infusion-pump --version 1.0.0", digest = created.Value("manifest digest");
        Assert.That(created.Value("next"), Is.EqualTo($"fota-signer release approve {release} --manifest-digest {digest}"));
        CommandResult approved = (await world.ApproveAsync("1.0.0", digest)).Ok();
        Assert.That(approved.Value("next"), Is.EqualTo($"fota-signer release publish {release}"));
        Assert.That((await world.PublishAsync("1.0.0")).Ok().Value("next"), Is.EqualTo($"fota-signer online --home {world.Home}"));
    }

    [Test]
    public async Task Release_is_not_visible_before_the_online_key_says_so()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        await world.ApprovedAsync("1.0.0");
        (await world.PublishAsync("1.0.0")).Ok();
        Assert.That(Client.Update(world).Snapshot!.Meta.Keys, Is.EqualTo(["targets.json"]));
    }

    [Test]
    public async Task Reissue_signs_the_old_image_under_a_new_sequence_number()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        string first = await world.ReleaseAsync("1.0.0");
        await world.ReleaseAsync("1.1.0");
        UpdateManifest old = Client.Manifest(world, "1.0.0").Content;
        string digest = (await world.ReleaseAsync("reissue", "1.0.0", "release")).Ok().Value("manifest digest");
        (await world.ApproveAsync("1.0.0", digest)).Ok();
        (await world.PublishAsync("1.0.0")).Ok();
        (await world.OnlineAsync()).Ok();
        UpdateManifest reissued = Client.Manifest(world, "1.0.0").Content;
        Assert.That(digest, Is.Not.EqualTo(first));
        Assert.That(reissued, Is.EqualTo(old with { Sequence = new SequenceNumber(3) }));
        Assert.That(Client.Image(world, "1.0.0"), Is.EqualTo(await File.ReadAllBytesAsync(world.Image("1.0.0"))));
    }

    [Test]
    public async Task Sequence_number_of_a_draft_that_came_to_nothing_is_not_used_again()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        await world.DraftAsync("1.0.0");
        await world.DraftAsync("1.0.0");
        await world.ReleaseAsync("1.0.0");
        Assert.That(Client.Manifest(world, "1.0.0").Content.Sequence.Value, Is.EqualTo(3));
    }

    [Test]
    public async Task Sequence_number_exceeds_the_published_ones_even_when_the_journal_was_lost()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        await world.DraftAsync("1.0.0");
        await world.ReleaseAsync("1.0.0");
        File.Delete(world.HomeFolder.Journal);
        await world.ReleaseAsync("1.1.0");
        Assert.That(Client.Manifest(world, "1.1.0").Content.Sequence.Value, Is.EqualTo(3));
    }

    [Test]
    public async Task Published_version_is_not_created_again()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        await world.ReleaseAsync("1.0.0");
        (await world.CreateAsync("1.0.0")).Refused("1.0.0 is published already");
        Assert.That(Directory.GetDirectories(world.HomeFolder.Drafts, ".*"), Is.Empty);
    }

    [Test]
    public async Task Unpublished_version_is_not_reissued()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        (await world.ReleaseAsync("reissue", "1.0.0", "release")).Refused("infusion-pump 1.0.0 is not published");
    }

    [Test]
    public async Task Role_that_moved_since_the_approval_is_approved_again()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        string digest = await world.ApprovedAsync("1.0.0");
        await world.ReleaseAsync("1.1.0");
        (await world.PublishAsync("1.0.0")).Refused("role moved from 0 to 1 since the approval: approve again");
        (await world.ApproveAsync("1.0.0", digest)).Ok();
        (await world.PublishAsync("1.0.0")).Ok();
        (await world.OnlineAsync()).Ok();
        Assert.That(Client.Manifest(world, "1.0.0").Digest.ToString(), Is.EqualTo(digest));
        Assert.That(Client.Manifest(world, "1.1.0").Signers, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Approval_is_too_old_when_its_role_has_expired()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        await world.ApprovedAsync("1.0.0");
        world.Clock.Step(TimeSpan.FromDays(181));
        (await world.PublishAsync("1.0.0")).Refused("approved role: wanted an expiry within 180 days");
    }

    [Test]
    public async Task List_shows_drafts_approvals_and_publications()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        string published = await world.ReleaseAsync("1.0.0"), approved = await world.ApprovedAsync("1.1.0"), draft = await world.DraftAsync("1.2.0");
        using JsonDocument json = JsonDocument.Parse((await world.RunAsync("release", "list", "--home", world.Home, "--json")).Ok().Output);
        Assert.That(
            json.RootElement.EnumerateArray().Select(static release => (release.GetProperty("version").GetString(), release.GetProperty("state").GetString(), release.GetProperty("manifest_digest").GetString(), release.GetProperty("sequence").GetInt32())),
            Is.EqualTo([("1.0.0", "published", published, 1), ("1.1.0", "approved", approved, 2), ("1.2.0", "draft", draft, 3)]));
    }

    [TestCase("release list")]
    [TestCase("release publish")]
    public async Task A48_Draft_that_was_published_and_not_removed_is_removed_by_the_next_command(string next)
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        await world.ApprovedAsync("1.0.0");
        string draft = world.Draft("1.0.0", "");
        Assert.That(Programs.Run("cp", "-r", draft, world.PathOf("kept")).ExitCode, Is.Zero);
        (await world.PublishAsync("1.0.0")).Ok();

        // As it is when the process ended before its last step.
        Directory.Move(world.PathOf("kept"), draft);
        if (next == "release publish")
        {
            (await world.PublishAsync("1.0.0")).Refused("infusion-pump 1.0.0 is published already");
        }
        else
        {
            Assert.That((await world.RunAsync("release", "list", "--home", world.Home)).Ok().Output, Does.Contain("published").And.Not.Contains("approved"));
        }

        Assert.That(Directory.Exists(draft), Is.False);
    }

    [Test]
    public async Task A48_What_a_killed_process_was_preparing_is_removed_and_what_a_living_one_prepares_is_not()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        using System.Diagnostics.Process gone = System.Diagnostics.Process.Start("true");
        await gone.WaitForExitAsync();
        string dead = Path.Combine(world.HomeFolder.Drafts, $".staged-{gone.Id}-a"), living = Path.Combine(world.HomeFolder.Drafts, $".staged-{Environment.ProcessId}-b");
        Directory.CreateDirectory(dead);
        Directory.CreateDirectory(living);
        await File.WriteAllTextAsync(Path.Combine(dead, "pack"), "half of it");
        (await world.RunAsync("release", "list", "--home", world.Home)).Ok();
        Assert.That((Directory.Exists(dead), Directory.Exists(living)), Is.EqualTo((false, true)));
    }

    [Test]
    public async Task A48_Draft_in_preparation_bears_the_id_of_its_process()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        string[] seen = [];
        world.Module = module => new FaultyModule(module, sign =>
        {
            seen = Directory.GetDirectories(world.HomeFolder.Drafts, ".*");
            return sign();
        });
        await world.DraftAsync("1.0.0");
        Assert.That(Path.GetFileName(seen.Single()), Does.StartWith($".staged-{Environment.ProcessId}-"));
    }

    [TestCase("packs")]
    [TestCase("tables")]
    [TestCase("targets")]
    [TestCase("metadata")]
    [TestCase("state")]
    public async Task A48_Publication_that_breaks_off_leaves_nothing_of_the_release(string where)
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        await world.ReleaseAsync("1.0.0");
        await world.ApprovedAsync("1.1.0");
        string pack = Sha256Digest.Of(await File.ReadAllBytesAsync(world.Draft("1.1.0", "pack"))).ToString();
        string table = Sha256Digest.Of(await File.ReadAllBytesAsync(world.Draft("1.1.0", "chunk-table"))).ToString();
        string envelope = Sha256Digest.Of(await File.ReadAllBytesAsync(world.Draft("1.1.0", "manifest.suit"))).ToString();
        string obstacle = world.Repository.FullPath(where switch
        {
            "packs" => $"packs/{pack}.new",
            "tables" => $"tables/{table}.new",
            "targets" => $"targets/infusion-pump/1.1.0/{envelope}.manifest.suit.new",
            "metadata" => "metadata/2.infusion-pump.json.new",
            _ => "state.json.new",
        });

        // A folder where the file should be written: the command ends there, as if the power had failed.
        Directory.CreateDirectory(obstacle);
        Assert.That((await world.PublishAsync("1.1.0")).ExitCode, Is.EqualTo(1));
        world.Clock.Step(TimeSpan.FromHours(13));
        (await world.OnlineAsync()).Ok();
        TrustedMetadataSet trust = Client.Update(world);
        Assert.That(trust.Delegated(SignerWorld.Product)!.Targets.Keys, Is.EqualTo(["infusion-pump/1.0.0/manifest.suit"]));

        Directory.Delete(obstacle);
        (await world.PublishAsync("1.1.0")).Ok();
        (await world.OnlineAsync()).Ok();
        Assert.That(Client.Image(world, "1.1.0"), Is.EqualTo(await File.ReadAllBytesAsync(world.Image("1.1.0"))));
    }
}
