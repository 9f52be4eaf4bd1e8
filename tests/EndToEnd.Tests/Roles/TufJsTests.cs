using Fota.TestKit;

namespace Fota.EndToEnd.Tests.Roles;

/// <summary>
/// What fota-signer wrote, step by step through the life of its keys, as tuf-js sees it. The steps are made once, by processes and with real tokens;
/// each test has a client of its own.
/// </summary>
public sealed class TufJsTests
{
    private const string Old = "infusion-pump/1.0.0/manifest.suit", New = "infusion-pump/1.1.0/manifest.suit";

    private static readonly (string Name, string Options, string[] Signers)[] s_steps =
    [
        ("root", "--role root --add-key root-4 --remove-key root-1", ["root-2", "root-3", "root-4"]),
        ("targets", "--role targets --add-key targets-2 --remove-key targets", ["root-2", "root-4", "targets-2"]),
        ("snapshot", "--role snapshot --add-key online-2 --remove-key online", ["root-2", "root-3", "online-2@online"]),
        ("timestamp", "--role timestamp --add-key online-2 --remove-key online", ["root-3", "root-4", "online-2@online"]),
        ("product", "--role infusion-pump --add-key approver-2 --remove-key approver", ["targets-2", "approver-2", "release"]),
        ("root-again", "--role root --add-key root-5 --remove-key root-2 --threshold 3", ["root-3", "root-4", "root-5"]),
        ("bins", "--role infusion-pump --hash-bins 16", ["release", "approver-2"]),
    ];

    private SignerSite _site = null!;
    private int _clients;

    private string FirstRoot => _site.Path("first/metadata/1.root.json");

    [OneTimeSetUp]
    public async Task LiveThroughTheLifeOfTheKeys()
    {
        _site = await SignerSite.CreateAsync();
        await _site.ReleaseAsync("1.0.0");
        await _site.ReleaseAsync("1.1.0");
        Keep("first");
        foreach (string key in new[] { "root-4", "root-5", "targets-2", "approver-2" })
        {
            await _site.MakeKeyAsync(key);
        }

        await _site.MakeKeyAsync("online-2", "online");
        foreach ((string name, string options, string[] signers) in s_steps)
        {
            await _site.ChangeAsync(options, signers);
            Keep(name);
        }

        // Signed by one of the three that it takes, and left as it is.
        await _site.ProposeAsync("--role root --renew", "root-3");
    }

    [OneTimeTearDown]
    public void Remove() => _site.Dispose();

    [TestCase("first", 1, TestName = "Tuf_js_takes_the_repository_of_the_ceremony")]
    [TestCase("root", 2, TestName = "Tuf_js_follows_a_rotation_of_a_root_key")]
    [TestCase("targets", 3, TestName = "Tuf_js_follows_a_rotation_of_the_targets_key")]
    [TestCase("snapshot", 4, TestName = "Tuf_js_follows_a_rotation_of_the_snapshot_key")]
    [TestCase("timestamp", 5, TestName = "Tuf_js_follows_a_rotation_of_the_timestamp_key")]
    [TestCase("product", 5, TestName = "Tuf_js_follows_a_rotation_of_a_product_key")]
    [TestCase("root-again", 6, TestName = "Tuf_js_walks_a_chain_of_five_roots_from_the_first")]
    [TestCase("bins", 6, TestName = "Tuf_js_finds_targets_by_hash_bins")]
    [Proves("R-49")]
    public async Task Refreshes_and_downloads(string step, int root)
    {
        await using FolderServer server = await FolderServer.StartAsync(_site.Path(step));
        TufJsOutcome outcome = await NewClient().UpdateAsync(server.Address, null, Old, New);

        Assert.That(outcome.Error, Is.Null, outcome.Message);
        Assert.That(outcome.Versions["root.json"], Is.EqualTo(root));
        Assert.That(outcome.Downloaded, Has.Count.EqualTo(2));
        Assert.That(Directory.GetFiles(_site.Path($"{step}/targets/infusion-pump/1.0.0")).Select(File.ReadAllBytes), Has.Some.EqualTo(outcome.Downloaded[Old]));
        Assert.That(outcome.Versions.Keys.Count(static file => file.StartsWith("infusion-pump.", StringComparison.Ordinal)), step == "bins" ? Is.GreaterThan(1) : Is.EqualTo(1));
    }

    [Test]
    [Proves("R-49")]
    public async Task Tuf_js_that_was_there_all_the_time_follows_every_step()
    {
        TufJs client = NewClient();
        foreach (string step in s_steps.Select(static step => step.Name).Prepend("first"))
        {
            await using FolderServer server = await FolderServer.StartAsync(_site.Path(step));
            TufJsOutcome outcome = await client.UpdateAsync(server.Address, null, Old, New);
            Assert.That(outcome.Error, Is.Null, $"{step}: {outcome.Message}");
        }
    }

    [Test]
    public async Task A26_Tuf_js_refuses_a_target_with_a_flipped_bit()
    {
        await using FolderServer server = await FolderServer.StartAsync(_site.Path("bins"));
        TufJsOutcome sound = await NewClient().UpdateAsync(server.Address, null, New);
        string path = Directory.GetFiles(_site.Path("bins/targets/infusion-pump/1.1.0")).Single(file => File.ReadAllBytes(file).AsSpan().SequenceEqual(sound.Downloaded[New]));
        server.Replaced[Path.GetRelativePath(_site.Path("bins"), path)] = Flip(await File.ReadAllBytesAsync(path));

        await IsRefusedAsync(NewClient(), server, null, "LengthOrHashMismatchError", "", New);
    }

    [Test]
    public async Task A02_Tuf_js_refuses_a_timestamp_that_was_rolled_back()
    {
        TufJs client = await UpToDateAsync("bins");
        await using FolderServer server = await FolderServer.StartAsync(_site.Path("bins"));
        server.Replaced["metadata/timestamp.json"] = await File.ReadAllBytesAsync(_site.Path("product/metadata/timestamp.json"));

        await IsRefusedAsync(client, server, null, "BadVersionError", "");
    }

    [Test]
    public async Task A02_Tuf_js_refuses_a_snapshot_that_was_rolled_back()
    {
        await using FolderServer server = await FolderServer.StartAsync(_site.Path("bins"));
        server.Replaced[Newest("bins", "snapshot")] = await File.ReadAllBytesAsync(_site.Path("product/" + Newest("product", "snapshot")));

        await IsRefusedAsync(NewClient(), server, null, "RuntimeError", "Unable to load snapshot metadata error Error: ");
    }

    [Test]
    public async Task A13_Tuf_js_refuses_a_root_that_too_few_signed()
    {
        await using FolderServer server = await FolderServer.StartAsync(_site.Path("bins"));
        server.Replaced["metadata/7.root.json"] = await File.ReadAllBytesAsync(_site.Path("home/change/roles/root.json"));

        await IsRefusedAsync(NewClient(), server, null, "UnsignedMetadataError", "root was signed by 1/3 keys");
    }

    [Test]
    public async Task A13_Tuf_js_refuses_a_root_that_skips_one()
    {
        await using FolderServer server = await FolderServer.StartAsync(_site.Path("snapshot"));
        server.Replaced["metadata/5.root.json"] = await File.ReadAllBytesAsync(_site.Path("bins/metadata/6.root.json"));

        await IsRefusedAsync(NewClient(), server, null, "BadVersionError", "");
    }

    [Test]
    public async Task A01_Tuf_js_refuses_a_timestamp_by_a_key_that_was_revoked()
    {
        await using FolderServer server = await FolderServer.StartAsync(_site.Path("timestamp"));
        server.Replaced["metadata/timestamp.json"] = await File.ReadAllBytesAsync(_site.Path("snapshot/metadata/timestamp.json"));

        await IsRefusedAsync(NewClient(), server, null, "UnsignedMetadataError", "timestamp was signed by 0/1 keys");
    }

    [TestCase(3, "ExpiredMetadataError", "Final timestamp.json is expired", TestName = "A03_Tuf_js_refuses_an_expired_timestamp")]
    [TestCase(800, "ExpiredMetadataError", "Final root.json is expired", TestName = "A03_Tuf_js_refuses_an_expired_root")]
    public async Task Expired_metadata_is_refused(int days, string error, string message)
    {
        await using FolderServer server = await FolderServer.StartAsync(_site.Path("bins"));

        await IsRefusedAsync(NewClient(), server, TimeProvider.System.GetUtcNow().AddDays(days), error, message);
    }

    [Test]
    public async Task A05_Tuf_js_refuses_a_product_role_of_another_publication()
    {
        await using FolderServer server = await FolderServer.StartAsync(_site.Path("root-again"));
        server.Replaced[Newest("root-again", "infusion-pump")] = await File.ReadAllBytesAsync(_site.Path("first/" + Newest("first", "infusion-pump")));

        await IsRefusedAsync(NewClient(), server, null, "RuntimeError", "Unable to load targets error Error: ", New);
    }

    [Test]
    public async Task A20_Tuf_js_refuses_targets_whose_delegation_was_changed()
    {
        await using FolderServer server = await FolderServer.StartAsync(_site.Path("bins"));
        string path = Newest("bins", "targets");
        string targets = await File.ReadAllTextAsync(_site.Path("bins/" + path));
        server.Replaced[path] = System.Text.Encoding.UTF8.GetBytes(targets.Replace("\"threshold\":2", "\"threshold\":1", StringComparison.Ordinal));

        await IsRefusedAsync(NewClient(), server, null, "RuntimeError", "Unable to load targets error Error: Expected ");
    }

    private static async Task IsRefusedAsync(TufJs client, FolderServer server, DateTimeOffset? now, string error, string message, params string[] targets)
    {
        TufJsOutcome outcome = await client.UpdateAsync(server.Address, now, targets);
        Assert.That((outcome.Error, outcome.Message.StartsWith(message, StringComparison.Ordinal)), Is.EqualTo((error, true)), outcome.Message);
    }

    private static byte[] Flip(byte[] content)
    {
        content[content.Length / 2] ^= 1;
        return content;
    }

    private TufJs NewClient() => new(_site.Path($"client-{++_clients}"), FirstRoot);

    private async Task<TufJs> UpToDateAsync(string step)
    {
        TufJs client = NewClient();
        await using FolderServer server = await FolderServer.StartAsync(_site.Path(step));
        Assert.That((await client.UpdateAsync(server.Address, null)).Error, Is.Null);
        return client;
    }

    private string Newest(string step, string role) => Directory.GetFiles(_site.Path($"{step}/metadata"), $"*.{role}.json")
        .Select(file => Path.GetRelativePath(_site.Path(step), file))
        .MaxBy(static file => int.Parse(Path.GetFileName(file).Split('.')[0]))!;

    private void Keep(string step)
    {
        foreach (string file in Directory.GetFiles(_site.Repository, "*", SearchOption.AllDirectories))
        {
            string kept = _site.Path(Path.Combine(step, Path.GetRelativePath(_site.Repository, file)));
            Directory.CreateDirectory(Path.GetDirectoryName(kept)!);
            File.Copy(file, kept);
        }
    }
}
