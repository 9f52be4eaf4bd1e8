using System.Formats.Tar;
using System.Text.Json.Nodes;
using Fota.Manifest.Log;
using Fota.Signer.Log;
using Fota.Signer.Tests.Ceremonies;
using Fota.Signer.Tests.Log;
using Fota.TestKit;

namespace Fota.Signer.Tests.Service;

/// <summary>A keyholder on another machine, who takes part in a ceremony through the service.</summary>
[TestFixture]
public sealed class CeremonyServiceTests
{
    private const string RaiseRoot = "version: 1\nkind: change\nreason: A test.\nroles: [root]\nthreshold: 3\n";

    private ServiceWorld _world = null!;

    private string Package => _world.Signer.PathOf("package");

    private string Signatures => _world.Signer.PathOf("signatures.json");

    [SetUp]
    public async Task Start()
    {
        _world = await ServiceWorld.CreateAsync(start: false);
        await _world.EnrolAsync("kay");
        _world.Settings["people"] = ((object[])_world.Settings["people"]).Append(new { name = "kay", certificate = "kay.pem", roles = new[] { "ceremony" } }).ToArray();
        await _world.StartAsync();
    }

    [TearDown]
    public async Task Stop() => await _world.DisposeAsync();

    [Test]
    [Proves("H-11", "H-13")]
    public async Task Keyholder_fetches_signs_and_brings_and_the_ceremony_is_complete()
    {
        string file = await BeginAsync("root-1,root-2");
        Answer shown = (await _world.GetAsync("auditor", "ceremony")).Ok();
        Assert.That((shown.Body.GetProperty("ceremony").GetString(), Wanted(shown).Single()), Is.EqualTo((CeremonyWorld.DigestOf(file), "root 2: wanted 3 signatures by the keys of root 2, got 2; can sign: root-3")));

        (await SignAsync(file)).Ok();
        Assert.That(Wanted((await _world.PostAsync("kay", "ceremony/signatures", await File.ReadAllTextAsync(Signatures))).Ok()), Is.Empty);
        (await _world.Signer.RunCeremonyAsync(file, "online")).Ok();
        Assert.That(Client.Update(_world.Signer).Root.Root.Threshold, Is.EqualTo(3));

        (await _world.Signer.OnlineAsync()).Ok();
        LogEntry signed = (await _world.Signer.LogEntriesAsync()).Single(static entry => entry.Kind == LogKinds.CeremonySigned);
        Assert.That((signed.Actor, signed.Facts["brought_by"]), Is.EqualTo(("root-3", "kay")));
        (await _world.GetAsync("kay", "ceremony")).Refused(404, "NotFound", "no ceremony is on its way");
    }

    [Test]
    [Proves("H-13")]
    public async Task A45_Signature_over_something_else_is_refused_and_changes_nothing()
    {
        string file = await BeginAsync("root-1");
        (await SignAsync(file)).Ok();
        JsonNode carried = JsonNode.Parse(await File.ReadAllTextAsync(Signatures))!;
        byte[] signature = Convert.FromBase64String(carried["statement"]!.GetValue<string>());
        signature[^1] ^= 1;
        carried["statement"] = Convert.ToBase64String(signature);

        // But for the log's own files: the service makes those of what happened before when it comes to it.
        string[] before = [.. _world.Signer.Files().Where(IsNotOfTheLog)];
        (await _world.PostAsync("kay", "ceremony/signatures", carried.ToJsonString())).Refused(422, "Refused", "its statement: wanted a signature of key 'root-3'");
        Assert.That(_world.Signer.Files().Where(IsNotOfTheLog), Is.EqualTo(before));

        static bool IsNotOfTheLog(string file) => !file.Contains("/home/log/", StringComparison.Ordinal);
    }

    [TestCase("ci", "submitter")]
    [TestCase("bo", "approver")]
    [TestCase("auditor", "auditor")]
    [Proves("S-10")]
    public async Task A45_Person_without_the_role_takes_no_part(string person, string role)
    {
        await BeginAsync("root-1");
        (await _world.GetAsync(person, "ceremony/package")).Refused(403, "Forbidden", $"{person}: wanted the role ceremony, got {role}");
        (await _world.PostAsync(person, "ceremony/signatures", "{}")).Refused(403, "Forbidden", $"{person}: wanted the role ceremony, got {role}");
    }

    [Test]
    public async Task P10_Document_that_is_none_is_refused()
    {
        await BeginAsync("root-1");
        (await _world.PostAsync("kay", "ceremony/signatures", "[]")).Refused(422, "Refused", "signatures: ");
    }

    [Test]
    public async Task Change_of_roles_without_a_file_is_no_ceremony()
    {
        _ = await _world.Signer.ProposeAsync("--role targets --renew");
        (await _world.GetAsync("kay", "ceremony/package")).Refused(404, "NotFound", "no ceremony is on its way");
    }

    private static string?[] Wanted(Answer ceremony) => [.. ceremony.Body.GetProperty("wanted").EnumerateArray().Select(static wanted => wanted.GetString())];

    private async Task<string> BeginAsync(string keys)
    {
        string file = _world.Signer.Ceremony(RaiseRoot);
        (await _world.Signer.RunCeremonyAsync(file, keys)).Ok();
        return file;
    }

    private async Task<CommandResult> SignAsync(string file)
    {
        using (HttpResponseMessage response = await _world.As("kay").GetAsync("/api/v1/ceremony/package"))
        {
            Directory.CreateDirectory(Package);
            await TarFile.ExtractToDirectoryAsync(await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(), Package, overwriteFiles: false);
        }

        return await _world.Signer.RunAsync(
            "ceremony", "sign", "--home", _world.ApproverHome, "--package", Package, "--ceremony", CeremonyWorld.DigestOf(file), "--key", "root-3", "--pin-file", _world.Signer.PinFile("root-3"), "--out", Signatures, "--change", CeremonyWorld.ChangeOf(Package));
    }
}
