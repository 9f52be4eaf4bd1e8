using System.Text.Json;
using Fota.Manifest;
using Fota.TestKit;

namespace Fota.Signer.Tests.Service;

[TestFixture]
public sealed class ReleaseServiceTests
{
    [Test]
    [Proves("S-2")]
    public async Task P6_Release_goes_from_a_request_to_the_repository_with_the_approvers_own_signature()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer request = await world.PendingAsync("1.0.0", ("notes", "Fixes the alarm."));
        Answer approved = (await world.ApproveAsync(request)).Ok();
        Assert.That((approved.State, approved.Body.GetProperty("approver").GetString()), Is.EqualTo(("approved", "bo")));
        Answer published = (await world.PostAsync("ci", $"requests/{request.Id}/publication", "")).Ok();
        Assert.That(published.State, Is.EqualTo("published"));
        (await world.Signer.OnlineAsync()).Ok();
        Assert.That(Client.Manifest(world.Signer, "1.0.0").Digest.ToString(), Is.EqualTo(request.ManifestDigest));
        Assert.That(Client.Manifest(world.Signer, "1.0.0").Signers, Has.Count.EqualTo(2));
        Assert.That(Client.Image(world.Signer, "1.0.0"), Is.EqualTo(await File.ReadAllBytesAsync(world.Signer.Image("1.0.0"))));
        Assert.That(Client.Manifest(world.Signer, "1.0.0").Content.Text!.Descriptions["en"], Is.EqualTo("Fixes the alarm."));
    }

    [Test]
    [Proves("S-5")]
    public async Task Same_request_twice_is_one_request()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer first = (await world.PostAsync("ci", "requests", world.ReleaseOf("1.0.0"))).Ok(), second = (await world.PostAsync("ci", "requests", world.ReleaseOf("1.0.0"))).Ok();
        Answer said = (await world.PostAsync("ci", "requests", world.ReleaseOf("1.0.0", ("attempt", 1)))).Ok();
        Assert.That((first.Status, second.Status, second.Id, said.Id), Is.EqualTo((201, 200, first.Id, first.Id)));
        Assert.That((await world.GetAsync("auditor", "requests")).Body.GetArrayLength(), Is.EqualTo(1));
    }

    [Test]
    [Proves("S-6")]
    public async Task Another_request_for_a_version_on_its_way_is_refused()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        (await world.PostAsync("ci", "requests", world.ReleaseOf("1.0.0"))).Ok();
        (await world.PostAsync("ci", "requests", world.ReleaseOf("1.0.0", ("notes", "other")))).Refused(409, "Conflict", "wanted no request on its way");
    }

    [Test]
    [Proves("S-5")]
    public async Task Rejected_request_leaves_no_draft_and_is_asked_again_by_its_next_attempt()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer request = await world.PendingAsync("1.0.0");
        Answer rejected = (await world.PostAsync("bo", $"requests/{request.Id}/rejection", new { reason = "no test report" })).Ok();
        Assert.That((rejected.State, rejected.Body.GetProperty("outcome").GetString()), Is.EqualTo(("rejected", "no test report")));
        Assert.That(Directory.Exists(world.Signer.HomeFolder.DraftOf(ProductName.Parse(SignerWorld.Product), ReleaseVersion.Parse("1.0.0"))), Is.False);
        (await world.PostAsync("ci", "requests", world.ReleaseOf("1.0.0"))).Refused(409, "Conflict", "was rejected (no test report)");
        Assert.That((await world.PendingAsync("1.0.0", ("attempt", 2))).State, Is.EqualTo("pending"));
    }

    [Test]
    public async Task Request_is_taken_back_by_who_asked_and_nobody_else()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer request = (await world.PostAsync("ci", "requests", world.ReleaseOf("1.0.0"))).Ok();
        (await world.PostAsync("bo", $"requests/{request.Id}/withdrawal", new { reason = "mine" })).Refused(403, "Forbidden", "wanted the role submitter");
        Assert.That((await world.PostAsync("ci", $"requests/{request.Id}/withdrawal", new { reason = "wrong image" })).Ok().State, Is.EqualTo("withdrawn"));
    }

    [Test]
    [Proves("S-6")]
    public async Task Request_that_nobody_publishes_in_time_expires_with_its_draft()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer request = await world.PendingAsync("1.0.0");
        world.Signer.Clock.Step(TimeSpan.FromDays(14));
        await world.Service.PrepareSoonAsync();
        Assert.That((await world.UntilAsync(request.Id, "expired")).Body.GetProperty("outcome").GetString(), Does.StartWith("not published before"));
        (await world.PostAsync("ci", $"requests/{request.Id}/publication", "")).Refused(409, "Conflict", "wanted it approved, got it expired");
    }

    [Test]
    [Proves("S-7")]
    public async Task A21_Image_of_other_bytes_than_were_announced_is_refused_and_not_kept()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer request = (await world.PostAsync("ci", "requests", world.ReleaseOf("1.0.0"))).Ok();
        byte[] image = await File.ReadAllBytesAsync(world.Signer.Image("1.0.0"));
        image[^1] ^= 1;
        (await world.PutAsync("ci", $"requests/{request.Id}/content/image-0", image)).Refused(422, "DigestMismatch", "as was announced");
        Assert.That(Directory.EnumerateFiles(Path.Combine(world.Signer.HomeFolder.Requests, request.Id)), Is.Empty);
        Assert.That((await world.GetAsync("ci", $"requests/{request.Id}")).Body.GetProperty("missing").EnumerateArray().Select(static name => name.GetString()), Is.EqualTo(["image-0"]));
    }

    [Test]
    public async Task A53_Submitter_who_has_announced_as_much_as_the_settings_allow_announces_no_more()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync(start: false);
        world.Settings["openBytes"] = 1 << 20;
        await world.StartAsync();
        object Images(int size) => new object[] { new { digest = new string('a', 64), size } };
        Answer first = (await world.PostAsync("ci", "requests", world.ReleaseOf("1.0.0", ("images", Images(1 << 20))))).Ok();
        (await world.PostAsync("ci", "requests", world.ReleaseOf("1.1.0", ("images", Images(1))))).Refused(413, "LimitExceeded", "ci: wanted at most 1048576 bytes announced by requests on their way, got 1048577");
        (await world.PostAsync("di", "requests", world.ReleaseOf("1.1.0", ("images", Images(1))))).Ok();
        (await world.PostAsync("ci", $"requests/{first.Id}/withdrawal", new { reason = "room" })).Ok();
        (await world.PostAsync("ci", "requests", world.ReleaseOf("1.2.0", ("images", Images(1))))).Ok();
    }

    [Test]
    [Proves("S-7")]
    public async Task A53_Image_longer_than_announced_is_refused()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer request = (await world.PostAsync("ci", "requests", world.ReleaseOf("1.0.0"))).Ok();
        byte[] image = await File.ReadAllBytesAsync(world.Signer.Image("1.0.0"));
        (await world.PutAsync("ci", $"requests/{request.Id}/content/image-0", [.. image, 0])).Refused(413, "LimitExceeded", "larger than this request may be");
    }

    [Test]
    public async Task Reissue_comes_again_under_a_new_sequence_number()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        await world.ReleaseAsync("1.0.0");
        await world.ReleaseAsync("1.1.0");
        Answer asked = (await world.PostAsync("ci", "requests", new { kind = "reissue", product = SignerWorld.Product, version = "1.0.0" })).Ok();
        Answer request = await world.UntilAsync(asked.Id, "pending");
        (await world.ApproveAsync(request)).Ok();
        (await world.PostAsync("ci", $"requests/{request.Id}/publication", "")).Ok();
        (await world.Signer.OnlineAsync()).Ok();
        Assert.That(Client.Manifest(world.Signer, "1.0.0").Content.Sequence.Value, Is.EqualTo(3));
    }

    [Test]
    [Proves("S-9")]
    public async Task P5_Withdrawn_release_leaves_the_product_role()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        await world.ReleaseAsync("1.0.0");
        await world.ReleaseAsync("1.1.0");
        (await world.Signer.OnlineAsync()).Ok();
        Answer request = (await world.PostAsync("ci", "requests", new { kind = "withdrawal", product = SignerWorld.Product, version = "1.1.0", reason = "the pump stalls" })).Ok();
        Assert.That((request.State, request.ManifestDigest), Is.EqualTo(("pending", Client.Manifest(world.Signer, "1.1.0").Digest.ToString())));
        (await world.ApproveAsync(request, "--withdrawal")).Ok();
        (await world.PostAsync("ci", $"requests/{request.Id}/publication", "")).Ok();
        (await world.Signer.OnlineAsync()).Ok();
        Assert.That(Client.Lists(world.Signer, "1.1.0"), Is.False);
        Assert.That(Client.Lists(world.Signer, "1.0.0"), Is.True);
    }

    [Test]
    [Proves("S-11")]
    public async Task Health_names_the_tokens_and_how_long_each_role_is_good_for()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        await world.ReleaseAsync("1.0.0");
        (await world.Signer.OnlineAsync()).Ok();
        JsonElement health = (await world.GetAsync("auditor", "health")).Ok().Body;
        Assert.That(health.GetProperty("status").GetString(), Is.EqualTo("ok"), health.ToString());
        Assert.That(health.GetProperty("tokens").EnumerateArray().Select(static token => token.GetProperty("token").GetString()), Is.EquivalentTo([world.Signer.Token("online"), world.Signer.Token("release")]));
        Assert.That(health.GetProperty("roles").EnumerateArray().Select(static role => role.GetProperty("role").GetString()), Is.EquivalentTo(["root", "targets", SignerWorld.Product, "snapshot", "timestamp"]));
    }

    [Test]
    [Proves("S-11")]
    public async Task Health_says_when_a_role_is_near_its_end()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        (await world.Signer.OnlineAsync()).Ok();
        world.Signer.Clock.Step(TimeSpan.FromDays(300));
        JsonElement targets = (await world.GetAsync("auditor", "health")).Body;
        Assert.That(targets.ValueKind, Is.EqualTo(JsonValueKind.Object));
        Assert.That(targets.GetProperty("status").GetString(), Is.EqualTo("degraded"));
        Assert.That(targets.GetProperty("roles").EnumerateArray().Single(static role => role.GetProperty("role").GetString() == "targets").GetProperty("state").GetString(), Is.EqualTo("near"));
    }
}
