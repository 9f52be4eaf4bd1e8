using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Fota.TestKit;
using Fota.UpdateServer;
using Fota.UpdateServer.Configuration;

namespace Fota.EndToEnd.Tests.Roles;

/// <summary>A thief has the online key and an operator's token, and published snapshots to the server; then the key is replaced.</summary>
public sealed class StolenOnlineKeyTests
{
    private SignerSite _site = null!;
    private FotaServer _server = null!;

    private string Data => _site.Path("server");

    [SetUp]
    public async Task PublishARelease()
    {
        _site = await SignerSite.CreateAsync();
        await _site.ReleaseAsync("1.0.0");
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=server", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        await File.WriteAllTextAsync(_site.Path("server.csr"), request.CreateSigningRequestPem());
        await File.WriteAllTextAsync(_site.Path("server.key"), key.ExportPkcs8PrivateKeyPem());
        await _site.RunAsync("ca", "issue", "--home", _site.Home, "--profile", "service", "--csr", _site.Path("server.csr"), "--out", _site.Path("server.pem"), "--pin-file", _site.Pin("ca"));
        _server = await FotaServer.StartAsync(Settings(), TimeProvider.System);
        await PublishAsync(_site.Home, "online");
    }

    [TearDown]
    public async Task Remove()
    {
        await _server.DisposeAsync();
        _site.Dispose();
    }

    [Test]
    [Category("Full")]
    [Proves("R-53")]
    public async Task A04_After_the_keys_were_replaced_snapshots_go_on_at_a_number_that_the_thief_did_not_take()
    {
        long ours = Snapshot(_site.Home);
        string thief = CopyHome();
        await ApplyAsync(thief, "online", "--role snapshot --expires-days 3");
        await PublishAsync(thief, "online");
        await ApplyAsync(thief, "online", "--role snapshot --at-least 100000");
        await PublishAsync(thief, "online");
        Assert.That(Snapshot(thief), Is.EqualTo(100_000));

        await _site.MakeKeyAsync("online-2");
        await ApplyAsync(_site.Home, "online-2", "--role snapshot --role timestamp --add-key online-2 --remove-key online", "root-1", "root-2", "online-2");
        ProgramRun refused = await TryPublishAsync(_site.Home, "online-2");
        Assert.That(refused.ExitCode, Is.EqualTo(1), refused.Output);
        Assert.That(refused.Error, Does.Contain("DigestMismatch").And.Contain($"metadata/{ours + 1}.snapshot.json: wanted the bytes that are published"));

        await _site.MakeKeyAsync("log-2", "online-2", "ed25519");
        await _site.RunAsync("log", "succeed", "--home", _site.Home, "--key", "log-2", "--origin", "signer.pumps.example/log-2");
        await ApplyAsync(_site.Home, "online-2", $"--role snapshot --at-least {ours + 2}");
        await PublishAsync(_site.Home, "online-2");
        Assert.That(Snapshot(_site.Home), Is.EqualTo(ours + 2).And.LessThan(Snapshot(thief)), "the keys were replaced, so that a server, as a client, begins anew");
        Assert.That((await TryPublishAsync(_site.Home, "online-2")).Output, Is.Empty, "the server serves what the signer has");
    }

    private ServerSettings Settings() => new()
    {
        Layout = DeploymentLayout.Development,
        Listen = new IPEndPoint(IPAddress.Loopback, 0),
        DataDirectory = Data,
        TrustedRootFile = Path.Combine(_site.Repository, "metadata/1.root.json"),
        DeviceCaFile = Path.Combine(_site.Home, "ca/device-ca.pem"),
        CheckIn = TimeSpan.FromSeconds(60),
        Tls = new TlsSettings { CertificateFile = _site.Path("server.pem"), UnsafeKeyFile = _site.Path("server.key") },
    };

    private async Task ApplyAsync(string home, string online, string options, params string[] signers)
    {
        string change = await _site.ProposeInAsync(home, options, signers);
        await _site.RunAsync("role", "apply", "--home", home, "--change", change, "--pin-file", _site.Pin(online));
    }

    private async Task PublishAsync(string home, string online)
    {
        ProgramRun run = await TryPublishAsync(home, online);
        Assert.That((run.ExitCode, run.Output.Contains(" took timestamp ", StringComparison.Ordinal)), Is.EqualTo((0, true)), run.Output + run.Error);
    }

    private Task<ProgramRun> TryPublishAsync(string home, string online) => ProgramRun.OfFileAsync(_site.Path("bin/fota-signer"), _site.Environment,
        "online", "--home", home, "--once", "--server", _server.Address.ToString(), "--token-file", Path.Combine(Data, "bootstrap-token"), "--pin-file", _site.Pin(online));

    /// <summary>The home as the thief has it: with it, and the online key, whatever the signer signs can be signed that needs no other key.</summary>
    private string CopyHome()
    {
        string thief = _site.Path("thief");
        foreach (string file in Directory.GetFiles(_site.Home, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(thief, Path.GetRelativePath(_site.Home, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return thief;
    }

    private static long Snapshot(string home)
    {
        using JsonDocument timestamp = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(home, "repository/metadata/timestamp.json")));
        return timestamp.RootElement.GetProperty("signed").GetProperty("meta").GetProperty("snapshot.json").GetProperty("version").GetInt64();
    }
}
