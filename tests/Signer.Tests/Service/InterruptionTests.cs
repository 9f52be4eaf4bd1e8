using Fota.Interop.Cryptoki;
using Fota.Manifest;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.Signer.Requests;
using Fota.TestKit;

namespace Fota.Signer.Tests.Service;

/// <summary>The service is killed between two steps, and its token goes away: what lies on disk is taken up again.</summary>
[TestFixture]
public sealed class InterruptionTests
{
    [Test]
    [Proves("S-8")]
    public async Task A48_Draft_that_was_signed_before_the_kill_is_taken_up_and_not_signed_again()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer before = await world.PendingAsync("1.0.0");
        await world.StopAsync();
        await SetBackAsync(world, before.Id, RequestState.Preparing);
        await world.StartAsync();
        Answer after = await world.UntilAsync(before.Id, "pending", "failed");
        Assert.That((after.State, after.ManifestDigest), Is.EqualTo(("pending", before.ManifestDigest)));
        Assert.That(await SignaturesAsync(world, SigningPurpose.SuitManifest), Is.EqualTo(1));
    }

    [Test]
    [Proves("S-8")]
    public async Task A48_Files_that_were_sent_before_the_kill_need_not_be_sent_again()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer asked = (await world.PostAsync("ci", "requests", world.ReleaseOf("1.0.0"))).Ok();
        await world.StopAsync();

        // As it is when the process ends between the rename of the file and the row.
        string folder = Directory.CreateDirectory(Path.Combine(world.Signer.HomeFolder.Requests, asked.Id)).FullName;
        File.Copy(world.Signer.Image("1.0.0"), Path.Combine(folder, "image-0"));
        await world.StartAsync();
        Assert.That((await world.UntilAsync(asked.Id, "pending", "failed")).State, Is.EqualTo("pending"));
    }

    [TestCase("image-0")]
    [TestCase("sbom")]
    [Proves("S-7")]
    public async Task A48_File_that_changed_on_the_disk_after_it_was_taken_has_to_be_sent_again(string name)
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        byte[] sbom = System.Text.Encoding.UTF8.GetBytes("""{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[]}""");
        Answer asked = (await world.PostAsync("ci", "requests", world.ReleaseOf("1.0.0", ("sbom", new { digest = Sha256Digest.Of(sbom).ToString(), size = sbom.Length })))).Ok();
        await world.StopAsync();
        string folder = Directory.CreateDirectory(Path.Combine(world.Signer.HomeFolder.Requests, asked.Id)).FullName;
        File.Copy(world.Signer.Image("1.0.0"), Path.Combine(folder, "image-0"));
        await File.WriteAllBytesAsync(Path.Combine(folder, "sbom"), sbom);
        await File.AppendAllTextAsync(Path.Combine(folder, name), "\n");
        await SetBackAsync(world, asked.Id, RequestState.Preparing);
        await world.StartAsync();
        Answer shown = await world.UntilAsync(asked.Id, "awaiting_content", "pending", "failed");
        Assert.That(shown.State, Is.EqualTo("awaiting_content"), shown.Body.ToString());
        Assert.That(await SignaturesAsync(world, SigningPurpose.SuitManifest), Is.Zero);
    }

    [Test]
    [Proves("S-8")]
    public async Task A48_Release_that_was_installed_before_the_kill_is_published()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer request = await world.PendingAsync("1.0.0");
        (await world.ApproveAsync(request)).Ok();
        await world.StopAsync();

        // The same steps as the service's, by another process, which leaves the request as it was.
        (await world.Signer.PublishAsync("1.0.0")).Ok();
        await world.StartAsync();
        Assert.That((await world.UntilAsync(request.Id, "published")).State, Is.EqualTo("published"));
    }

    [Test]
    [Proves("S-8")]
    public async Task A49_Token_that_goes_away_and_comes_back_loses_and_doubles_nothing()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync(start: false);
        int failures = 0;
        world.Signer.Module = module => new FaultyModule(module, sign => Volatile.Read(ref failures) is var failed and < 3 && Interlocked.CompareExchange(ref failures, failed + 1, failed) == failed
            ? throw new CryptokiException("C_Sign", new ReturnValue(0x32))
            : sign());
        await world.StartAsync();
        Answer asked = (await world.PostAsync("ci", "requests", world.ReleaseOf("1.0.0"))).Ok();
        (await world.PutAsync("ci", $"requests/{asked.Id}/content/image-0", await File.ReadAllBytesAsync(world.Signer.Image("1.0.0")))).Ok();
        for (int look = 0; look < 6; look++)
        {
            await world.Service.PrepareSoonAsync();
        }

        Answer pending = await world.UntilAsync(asked.Id, "pending", "failed");
        Assert.That((pending.State, Volatile.Read(ref failures)), Is.EqualTo(("pending", 3)));
        Assert.That(await SignaturesAsync(world, SigningPurpose.SuitManifest), Is.EqualTo(1));
        (await world.ApproveAsync(pending)).Ok();
        (await world.PostAsync("ci", $"requests/{asked.Id}/publication", "")).Ok();
        (await world.Signer.OnlineAsync()).Ok();
        Assert.That(Client.Manifest(world.Signer, "1.0.0").Digest.ToString(), Is.EqualTo(pending.ManifestDigest));
    }

    [Test]
    [Proves("S-8")]
    public async Task A49_Publication_while_the_token_is_away_says_so_and_can_be_asked_again()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync(start: false);
        bool away = false;
        world.Signer.Module = module => new FaultyModule(module, sign => Volatile.Read(ref away) ? throw new CryptokiException("C_Sign", new ReturnValue(0x32)) : sign());
        await world.StartAsync();
        Answer request = await world.PendingAsync("1.0.0");
        (await world.ApproveAsync(request)).Ok();
        Volatile.Write(ref away, true);
        (await world.PostAsync("ci", $"requests/{request.Id}/publication", "")).Refused(503, "Unavailable", "C_Sign");
        Assert.That((await world.GetAsync("ci", $"requests/{request.Id}")).State, Is.EqualTo("approved"));
        Volatile.Write(ref away, false);
        Assert.That((await world.PostAsync("ci", $"requests/{request.Id}/publication", "")).Ok().State, Is.EqualTo("published"));
    }

    [Test]
    [Proves("S-8")]
    public async Task A48_Draft_that_was_signed_and_not_put_in_its_place_is_taken_up()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer before = await world.PendingAsync("1.0.0");
        await world.StopAsync();
        await SetBackAsync(world, before.Id, RequestState.Preparing);
        string draft = world.Signer.HomeFolder.DraftOf(ProductName.Parse(SignerWorld.Product), before.ReleaseVersion);
        Directory.Move(draft, Path.Combine(world.Signer.HomeFolder.Drafts, ".staged-999999999-abandoned"));
        await world.StartAsync();
        Assert.That((await world.UntilAsync(before.Id, "pending", "failed")).ManifestDigest, Is.EqualTo(before.ManifestDigest));
        Assert.That(await SignaturesAsync(world, SigningPurpose.SuitManifest), Is.EqualTo(1));
    }

    [Test]
    [Proves("S-8")]
    public async Task A48_Release_that_was_installed_is_neither_expired_nor_rejected()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer request = await world.PendingAsync("1.0.0");
        (await world.ApproveAsync(request)).Ok();
        (await world.Signer.PublishAsync("1.0.0")).Ok();
        world.Signer.Clock.Step(TimeSpan.FromDays(20));
        (await world.PostAsync("bo", $"requests/{request.Id}/rejection", new { reason = "too late" })).Refused(409, "Conflict", "has ended: published");
        Assert.That((await world.GetAsync("bo", $"requests/{request.Id}")).State, Is.EqualTo("published"));
    }

    [Test]
    [Proves("S-6")]
    public async Task Approval_after_the_end_of_a_request_is_refused_before_any_job_has_looked()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer request = await world.PendingAsync("1.0.0");
        (await world.SignAsync(request)).Ok();
        world.Signer.Clock.Step(TimeSpan.FromDays(14));
        (await world.PostAsync("bo", $"requests/{request.Id}/approval", await File.ReadAllTextAsync(world.Signer.PathOf("approval.json")))).Refused(409, "Conflict", "got it expired");
    }

    [Test]
    public async Task Second_approved_request_is_approved_again_when_the_first_was_published()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer first = await world.PendingAsync("1.0.0"), second = await world.PendingAsync("1.1.0");
        (await world.ApproveAsync(first)).Ok();
        (await world.ApproveAsync(second)).Ok();
        (await world.PostAsync("ci", $"requests/{first.Id}/publication", "")).Ok();
        (await world.PostAsync("ci", $"requests/{second.Id}/publication", "")).Refused(409, "Conflict", "role moved from 0 to 1 since the approval: approve again");
        Assert.That((await world.GetAsync("ci", $"requests/{second.Id}")).State, Is.EqualTo("pending"));
        (await world.ApproveAsync(second)).Ok();
        Assert.That((await world.PostAsync("ci", $"requests/{second.Id}/publication", "")).Ok().ManifestDigest, Is.EqualTo(second.ManifestDigest));
    }

    [Test]
    [Proves("S-5")]
    public async Task P5_Release_that_came_again_after_its_withdrawal_can_be_withdrawn_again()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        await world.ReleaseAsync("1.0.0");
        object withdrawal = new { kind = "withdrawal", product = SignerWorld.Product, version = "1.0.0", reason = "the pump stalls" };
        Answer asked = (await world.PostAsync("ci", "requests", withdrawal)).Ok();
        (await world.ApproveAsync(asked, "--withdrawal")).Ok();
        (await world.PostAsync("ci", $"requests/{asked.Id}/publication", "")).Ok();
        (await world.PostAsync("ci", "requests", world.ReleaseOf("1.0.0"))).Refused(409, "Conflict", "ask with a higher attempt");
        Answer again = await world.PendingAsync("1.0.0", ("attempt", 2));
        (await world.ApproveAsync(again)).Ok();
        (await world.PostAsync("ci", $"requests/{again.Id}/publication", "")).Ok();
        (await world.Signer.OnlineAsync()).Ok();
        (await world.Signer.RunAsync("release", "evidence", "--home", world.Signer.Home, "--product", SignerWorld.Product, "--version", "1.0.0", "--out", world.Signer.PathOf("evidence"))).Ok();
        (await world.PostAsync("ci", "requests", withdrawal)).Refused(409, "Conflict", "was published: ask with a higher attempt");
    }

    [Test]
    [Proves("S-7")]
    public async Task Image_that_changed_on_the_disk_is_asked_for_again_and_keeps_no_other_waiting()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer asked = (await world.PostAsync("ci", "requests", world.ReleaseOf("1.0.0"))).Ok(), other = (await world.PostAsync("ci", "requests", world.ReleaseOf("1.1.0"))).Ok();
        await world.StopAsync();
        foreach ((Answer request, string image) in new[] { (asked, world.Signer.Image("1.1.0")), (other, world.Signer.Image("1.1.0")) })
        {
            string folder = Directory.CreateDirectory(Path.Combine(world.Signer.HomeFolder.Requests, request.Id)).FullName;
            File.Copy(image, Path.Combine(folder, "image-0"));
        }

        await world.StartAsync();
        await world.UntilAsync(other.Id, "pending", "failed");
        Answer shown = await world.UntilAsync(asked.Id, "awaiting_content", "failed");
        Assert.That((shown.State, (await world.GetAsync("ci", $"requests/{other.Id}")).State), Is.EqualTo(("awaiting_content", "pending")));
    }

    [Test]
    public async Task A45_Draft_that_another_command_put_in_its_place_is_not_published()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer request = await world.PendingAsync("1.0.0");
        (await world.ApproveAsync(request)).Ok();
        string other = (await world.Signer.CreateAsync("1.0.0", world.Signer.Image("1.1.0"))).Ok().Value("manifest digest");
        (await world.Signer.ApproveAsync("1.0.0", other)).Ok();
        (await world.PostAsync("ci", $"requests/{request.Id}/publication", "")).Refused(409, "Conflict", "wanted the draft that was made of it, got another");
        Assert.That(world.Signer.Repository.ReadState().Delegated, Is.Empty);
    }

    private static async Task SetBackAsync(ServiceWorld world, string id, RequestState state)
    {
        using SignerHome home = await SignerHome.OpenAsync(world.Signer.HomeFolder, world.Signer.Host(new StringWriter(), new StringWriter()), CancellationToken.None);
        RequestRecord record = home.Requests.Get(id);
        home.Requests.Move(record, record with { State = state, ManifestDigest = null }, "test");
    }

    private static async Task<int> SignaturesAsync(ServiceWorld world, SigningPurpose purpose)
    {
        using SignerHome home = await SignerHome.OpenAsync(world.Signer.HomeFolder, world.Signer.Host(new StringWriter(), new StringWriter()), CancellationToken.None);
        return home.Journal.Entries().Count(entry => entry.Purpose == purpose.ToString() && entry.Result == SigningResult.Signed);
    }
}
