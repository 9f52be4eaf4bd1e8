using System.Text.Json;
using Fota.DeviceAgent.Gates;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>What <c>fota-agent status</c> says of the last image.</summary>
public sealed class StatusTests
{
    [Test]
    [Proves("W-36")]
    public async Task Status_before_the_first_image_says_nothing_of_one()
    {
        using DeltaScene scene = new();
        scene.Device.PowerOn();
        (JsonElement transfer, string line) = await StatusAsync(scene.Device);
        Assert.That(transfer.ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(line, Does.EndWith(", idle"));
    }

    [TestCase("delta", "as a delta")]
    [TestCase("full", "as the full pack")]
    [TestCase("delta_then_full", "as a delta, then as the full pack")]
    [Proves("W-36")]
    public async Task Status_says_how_many_bytes_the_last_image_took(string kind, string how)
    {
        using DeltaScene scene = new();
        if (kind == "full")
        {
            scene.Server.Deltas = [];
        }
        else if (kind == "delta_then_full")
        {
            scene.Server.Blobs.Remove(scene.DeltaPath);
        }

        await scene.Device.RunAsync();

        (JsonElement transfer, string line) = await StatusAsync(scene.Device);
        Assert.That(transfer.GetRawText(), Is.EqualTo($$"""{"release":"1.1.0","kind":"{{kind}}","bytes":{{scene.Sent}},"image_size":{{DeltaScene.Release.Image.Length}}}"""));
        Assert.That(line, Does.EndWith($"; 1.1.0: fetched {scene.Sent} of {DeltaScene.Release.Image.Length} bytes {how}"));
    }

    [Test]
    [Proves("G-8", "G-13")]
    public async Task A43_Operator_reads_what_waits_for_consent_gives_it_and_the_update_goes_on()
    {
        using TestAuthority authority = new("service CA");
        using InstalledPrograms programs = new("https://127.0.0.1:1/", authority.Pem);
        using SimulatedDevice device = new();
        programs.Settings["directory"] = device.Folder;
        programs.Save();
        device.Gates = [new ConsentGate(device.Store, neverOverridden: false)];
        device.Server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
        await device.RunAsync();

        (_, string json, string error) = await programs.RunAsync(InstalledPrograms.AgentProgram, "status", "--config", programs.AgentConfig, "--json");
        using JsonDocument status = JsonDocument.Parse(json);
        JsonElement waits = status.RootElement.GetProperty("waits_for");
        string digest = waits.GetProperty("manifest_digest").GetString()!;
        Assert.That(waits.GetRawText(), Is.EqualTo(
            $$"""{"version":"1.1.0","manifest_digest":"{{digest}}","point":"write","gates":["consent"],"detail":"gate consent closed before writing: nobody has agreed to 1.1.0, manifest {{digest}}"}"""), error);
        (_, string line, _) = await programs.RunAsync(InstalledPrograms.AgentProgram, "status", "--config", programs.AgentConfig);
        Assert.That(line, Does.Contain($"; 1.1.0 waits, manifest {digest}: gate consent closed"));

        (int exitCode, string said, _) = await programs.RunAsync(InstalledPrograms.AgentProgram, "consent", "--config", programs.AgentConfig, "--manifest-digest", digest);
        Assert.That((exitCode, said), Is.EqualTo((0, $"consent given: manifest {digest}\n")));
        await device.RunAsync();
        Assert.That(device.Status.Confirmed.Version.ToString(), Is.EqualTo("1.1.0"));

        (exitCode, said, _) = await programs.RunAsync(InstalledPrograms.AgentProgram, "consent", "--config", programs.AgentConfig, "--withdraw");
        Assert.That((exitCode, said), Is.EqualTo((0, "consent withdrawn\n")));
        Assert.That(OperatorConsent.Read(device.Store), Is.Null);
        (exitCode, _, _) = await programs.RunAsync(InstalledPrograms.AgentProgram, "consent", "--config", programs.AgentConfig);
        Assert.That(exitCode, Is.EqualTo(2), "one of the two has to be said");
    }

    [Test]
    [Proves("I-9")]
    public async Task Status_says_when_the_certificate_ends_and_whether_a_new_one_is_asked_for()
    {
        using SimulatedDevice device = new();
        device.PowerOn();
        using CertifiedDevice certified = new();
        using TestAuthority authority = new("service CA");
        using InstalledPrograms programs = new("https://127.0.0.1:1/", authority.Pem);
        programs.Settings["directory"] = device.Folder;
        programs.Save();
        (_, string json, _) = await programs.RunAsync(InstalledPrograms.AgentProgram, "status", "--config", programs.AgentConfig, "--json");
        Assert.That(json, Does.Contain("\"certificate\":null"));

        programs.Settings["certificate"] = certified.CertificateFile;
        programs.Save();
        (_, json, _) = await programs.RunAsync(InstalledPrograms.AgentProgram, "status", "--config", programs.AgentConfig, "--json");
        Assert.That(json, Does.Contain("\"certificate\":{\"expires\":\"2026-01-31T00:00:00Z\",\"renew_from\":\"2026-01-20T23:40:00Z\",\"renewal_pending\":false}"));
        (_, string line, _) = await programs.RunAsync(InstalledPrograms.AgentProgram, "status", "--config", programs.AgentConfig);
        Assert.That(line.TrimEnd(), Does.EndWith("; certificate until 2026-01-31"));

        certified.Clock.Now = certified.Clock.Now.AddDays(20);
        await certified.RunAsync();
        foreach (string file in Directory.GetFiles(certified.PathOf("device/identity")))
        {
            Directory.CreateDirectory(device.PathOf("identity"));
            File.Copy(file, device.PathOf("identity/" + Path.GetFileName(file)));
        }

        (_, line, _) = await programs.RunAsync(InstalledPrograms.AgentProgram, "status", "--config", programs.AgentConfig);
        Assert.That(line.TrimEnd(), Does.EndWith("; certificate until 2026-01-31, a new one is asked for"));
    }

    private static async Task<(JsonElement Transfer, string Line)> StatusAsync(SimulatedDevice device)
    {
        using TestAuthority authority = new("service CA");
        using InstalledPrograms programs = new("https://127.0.0.1:1/", authority.Pem);
        programs.Settings["directory"] = device.Folder;
        programs.Save();
        (int exitCode, string json, string error) = await programs.RunAsync(InstalledPrograms.AgentProgram, "status", "--config", programs.AgentConfig, "--json");
        Assert.That(exitCode, Is.Zero, error);
        (_, string line, _) = await programs.RunAsync(InstalledPrograms.AgentProgram, "status", "--config", programs.AgentConfig);
        using JsonDocument status = JsonDocument.Parse(json);
        return (status.RootElement.GetProperty("last_transfer").Clone(), line.TrimEnd());
    }
}
