using System.Text.Json.Nodes;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Storage;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Fota.DeviceAgent.Tests;

/// <summary>The program on networks that are not plain: behind a proxy, and with a cache beside the server.</summary>
public sealed class NetworkTests
{
    [Test]
    [Proves("N-2")]
    public async Task Everything_goes_through_the_configured_proxy_and_TLS_goes_through_it_end_to_end()
    {
        using TestAuthority serverAuthority = new("service CA"), deviceAuthority = new("device CA");
        using InstalledPrograms programs = Install(serverAuthority);
        using FleetServer server = new(await ProgramTests.EnrolAsync(programs, deviceAuthority));
        await using FleetListener listener = await FleetListener.StartAsync(server, serverAuthority);
        await using TunnelProxy proxy = new();
        programs.Settings["network"] = new JsonObject { ["proxy"] = proxy.Address };
        await PrepareAsync(programs, server, listener);

        await InstallAsync(programs);

        Assert.That(proxy.Requests.Distinct(StringComparer.Ordinal), Is.EqualTo(new[] { $"CONNECT 127.0.0.1:{listener.Address.Port} HTTP/1.1" }));
        Assert.That(proxy.Requests, Has.Count.EqualTo(listener.Connections), "none went around it");
        Assert.That(proxy.FirstBytes, Has.All.EqualTo(22));
        Assert.That(listener.Subjects.Distinct(StringComparer.Ordinal), Is.EqualTo(new[] { "OU=infusion-pump, CN=pump-0001" }), "the server still knows who it is");
    }

    [Test]
    [Proves("N-3")]
    public async Task Mirror_is_trusted_by_its_own_authority_and_is_not_told_who_the_device_is([Values] bool showCertificate)
    {
        using TestAuthority serverAuthority = new("service CA"), deviceAuthority = new("device CA"), mirrorAuthority = new("mirror CA");
        using InstalledPrograms programs = Install(serverAuthority);
        using FleetServer server = new(await ProgramTests.EnrolAsync(programs, deviceAuthority)), mirrored = new(server.DeviceKey);
        await using FleetListener listener = await FleetListener.StartAsync(server, serverAuthority);
        await using FleetListener mirror = await FleetListener.StartAsync(mirrored, mirrorAuthority, ClientCertificateMode.AllowCertificate);
        await File.WriteAllTextAsync(programs.PathOf("mirror-ca.pem"), mirrorAuthority.Pem);
        JsonObject settings = new() { ["address"] = mirror.Address + "repo/", ["ca"] = "mirror-ca.pem" };
        if (showCertificate)
        {
            settings["showCertificate"] = true;
        }

        programs.Settings["network"] = new JsonObject { ["repositories"] = new JsonArray(settings) };
        await PrepareAsync(programs, server, listener);
        mirrored.TakeContentOf(server);

        await InstallAsync(programs);

        Assert.That(server.Requests, Has.None.Contains("/packs/").And.None.Contains("/tables/").And.None.Contains("/targets/"));
        Assert.That(mirrored.Requests, Has.Some.Contains("/packs/").And.None.Contains("/metadata/").And.None.Contains("/api/"));
        Assert.That(mirror.Subjects.Distinct(StringComparer.Ordinal), Is.EqualTo(showCertificate ? ["OU=infusion-pump, CN=pump-0001"] : Array.Empty<string>()));
    }

    [Test]
    [Proves("N-3")]
    public async Task Mirror_of_another_authority_is_not_spoken_to_and_the_server_serves_instead()
    {
        using TestAuthority serverAuthority = new("service CA"), deviceAuthority = new("device CA"), stranger = new("service CA");
        using InstalledPrograms programs = Install(serverAuthority);
        using FleetServer server = new(await ProgramTests.EnrolAsync(programs, deviceAuthority)), mirrored = new(server.DeviceKey);
        await using FleetListener listener = await FleetListener.StartAsync(server, serverAuthority);
        await using FleetListener mirror = await FleetListener.StartAsync(mirrored, stranger, ClientCertificateMode.AllowCertificate);
        programs.Settings["network"] = new JsonObject { ["repositories"] = new JsonArray(new JsonObject { ["address"] = mirror.Address + "repo/" }) };
        await PrepareAsync(programs, server, listener);
        mirrored.TakeContentOf(server);

        await InstallAsync(programs);

        Assert.That(mirrored.Requests, Is.Empty);
        Assert.That(server.Requests, Has.Some.Contains("/packs/"));
    }

    [Test]
    [Proves("N-4")]
    public async Task Storage_that_the_server_names_is_trusted_by_its_own_authority_and_is_not_told_who_the_device_is([Values] bool stranger)
    {
        using TestAuthority serverAuthority = new("service CA"), deviceAuthority = new("device CA"), storageAuthority = new("storage CA"), other = new("storage CA");
        using InstalledPrograms programs = Install(serverAuthority);
        using FleetServer server = new(await ProgramTests.EnrolAsync(programs, deviceAuthority)), stored = new(server.DeviceKey);
        await using FleetListener listener = await FleetListener.StartAsync(server, serverAuthority);
        await using FleetListener storage = await FleetListener.StartAsync(stored, stranger ? other : storageAuthority, ClientCertificateMode.AllowCertificate);
        await File.WriteAllTextAsync(programs.PathOf("storage-ca.pem"), storageAuthority.Pem);
        programs.Settings["network"] = new JsonObject { ["storageCa"] = "storage-ca.pem", ["storageAddresses"] = new JsonArray($"{storage.Address}repo/") };
        await PrepareAsync(programs, server, listener);
        server.Sources = [new ContentSource(new Uri(storage.Address, "repo/content/"), "key=1")];
        foreach ((string path, byte[] content) in server.Blobs)
        {
            stored.Blobs[$"content/{path.Split('/')[^1]}"] = content;
        }

        await InstallAsync(programs);

        Assert.That(storage.Subjects, Is.Empty);
        Assert.That(stored.Requests, stranger ? Is.Empty : Has.All.StartsWith("/repo/content/").And.Some.EndsWith(server.Blobs.Keys.Single(static p => p.StartsWith("packs/", StringComparison.Ordinal))["packs/".Length..]));
        Assert.That(server.Requests, stranger ? Has.Some.Contains("/packs/") : Has.None.Contains("/packs/").And.None.Contains("/tables/"));
    }

    // A key in a file is enough here, and much quicker than a token.
    private static InstalledPrograms Install(TestAuthority serverAuthority)
    {
        InstalledPrograms programs = new("https://127.0.0.1:1/", serverAuthority.Pem);
        programs.Settings["layout"] = "development";
        programs.Settings["key"] = new JsonObject { ["unsafeFile"] = "key.pem" };
        programs.Save();
        return programs;
    }

    private static async Task PrepareAsync(InstalledPrograms programs, FleetServer server, FleetListener listener)
    {
        server.PublishForToday();
        programs.Settings["server"] = listener.Address.ToString();
        programs.Save();
        await ProgramTests.ManufactureAsync(programs, server);
        SampleRelease factory = SampleRelease.Create("1.0.0", sequence: 1);
        InstalledRelease running = new(factory.SignedBy([.. server.Repository.Pump.Keys]).ClaimedDigest, factory.Manifest.Sequence, factory.Manifest.ReleaseVersion, factory.Manifest.SecurityVersion);
        new BootFacts(SlotName.A, Trial: false, running).Write(new FileDurableStore(programs.PathOf("device")));
        server.Offer(SampleRelease.Create("1.1.0", sequence: 2));
    }

    private static async Task InstallAsync(InstalledPrograms programs)
    {
        const int RebootRequested = 10;
        (int exitCode, string output, string error) = await programs.RunAsync(InstalledPrograms.AgentProgram, "check", "--config", programs.AgentConfig);
        Assert.That(exitCode, Is.EqualTo(RebootRequested), output + error);
    }
}
