using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Fota.Manifest;
using Fota.Signer.Service;

namespace Fota.Signer.Tests;

/// <summary>A signing service in this process with real tokens, people with certificates of their own, and an approver's home beside the signer's.</summary>
internal sealed class ServiceWorld : IAsyncDisposable
{
    private readonly Dictionary<string, HttpClient> _clients = new(StringComparer.Ordinal);
    private SigningService? _service;

    private ServiceWorld(SignerWorld signer) => Signer = signer;

    public SignerWorld Signer { get; }

    public string ApproverHome => Signer.PathOf("approver-home");

    public string SettingsFile => Signer.PathOf("service.json");

    public SigningService Service => _service!;

    /// <summary>Where the service is, when it is a process of its own.</summary>
    public Uri? Address { get; set; }

    /// <summary>What stands in the settings; changed by tests before a start.</summary>
    public Dictionary<string, object> Settings { get; } = new(StringComparer.Ordinal);

    /// <summary>A world after its ceremony, with a running service.</summary>
    public static async Task<ServiceWorld> CreateAsync(bool start = true)
    {
        ServiceWorld world = new(await SignerWorld.CreateAsync());
        await world.PrepareAsync();
        if (start)
        {
            await world.StartAsync();
        }

        return world;
    }

    public Task WriteSettingsAsync() => File.WriteAllTextAsync(SettingsFile, JsonSerializer.Serialize(Settings));

    public async Task StartAsync()
    {
        await WriteSettingsAsync();
        _service = await SigningService.StartAsync(Signer.Host(new StringWriter(), new StringWriter()), Signer.HomeFolder, ServiceSettings.Read(SettingsFile), logging: null, CancellationToken.None);
    }

    /// <summary>Stops the service; what it forgets with that it had not to know.</summary>
    public async Task StopAsync()
    {
        Disconnect();
        await _service!.DisposeAsync();
        _service = null;
    }

    /// <summary>Drops all connections.</summary>
    public void Disconnect()
    {
        foreach (HttpClient client in _clients.Values)
        {
            client.Dispose();
        }

        _clients.Clear();
    }

    /// <summary>The service as somebody reaches it.</summary>
    public HttpClient As(string person)
    {
        if (!_clients.TryGetValue(person, out HttpClient? client))
        {
            X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, VerificationTime = Signer.Clock.GetUtcNow().LocalDateTime };
            policy.CustomTrustStore.ImportFromPemFile(Signer.HomeFolder.AuthorityCertificate("service"));
            SslClientAuthenticationOptions tls = new() { CertificateChainPolicy = policy };
            if (person.Length > 0)
            {
                using X509Certificate2 pem = X509Certificate2.CreateFromPemFile(Signer.PathOf(person + ".pem"), Signer.PathOf(person + ".key"));
                tls.ClientCertificateContext = SslStreamCertificateContext.Create(X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null), null, offline: true);
            }

            client = new HttpClient(new SocketsHttpHandler { SslOptions = tls }) { BaseAddress = Address ?? Service.Address };
            _clients.Add(person, client);
        }

        return client;
    }

    public async Task<Answer> PostAsync(string person, string path, object body) =>
        await Answer.ReadAsync(await As(person).PostAsync($"/api/v1/{path}", new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json")));

    public async Task<Answer> GetAsync(string person, string path) => await Answer.ReadAsync(await As(person).GetAsync($"/api/v1/{path}"));

    public async Task<Answer> PutAsync(string person, string path, byte[] body)
    {
        using ByteArrayContent content = new(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        return await Answer.ReadAsync(await As(person).PutAsync($"/api/v1/{path}", content));
    }

    /// <summary>The document that asks for a release of the world's small image.</summary>
    public Dictionary<string, object> ReleaseOf(string version, params (string Name, object Value)[] further)
    {
        byte[] image = File.ReadAllBytes(Signer.Image(version));
        Dictionary<string, object> request = new(StringComparer.Ordinal)
        {
            ["kind"] = "release",
            ["product"] = SignerWorld.Product,
            ["version"] = version,
            ["security_version"] = 1,
            ["images"] = new object[] { new Dictionary<string, object>(StringComparer.Ordinal) { ["digest"] = Sha256Digest.Of(image).ToString(), ["size"] = image.Length } },
        };
        foreach ((string name, object value) in further)
        {
            request[name] = value;
        }

        return request;
    }

    /// <summary>Asked for, sent, and a draft; the request as it is shown.</summary>
    public async Task<Answer> PendingAsync(string version, params (string Name, object Value)[] further)
    {
        Answer asked = (await PostAsync("ci", "requests", ReleaseOf(version, further))).Ok();
        (await PutAsync("ci", $"requests/{asked.Id}/content/image-0", await File.ReadAllBytesAsync(Signer.Image(version)))).Ok();
        return await UntilAsync(asked.Id, "pending");
    }

    /// <summary>The request, when it has come to this state.</summary>
    public async Task<Answer> UntilAsync(string id, params string[] states)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(1));
        Answer shown = await GetAsync("auditor", $"requests/{id}");
        while (!states.Contains(shown.State, StringComparer.Ordinal))
        {
            await Task.Delay(20, limit.Token);
            shown = (await GetAsync("auditor", $"requests/{id}")).Ok();
        }

        return shown;
    }

    /// <summary>The approver's machine: fetches what there is to approve, and signs it; the approval as it would be sent.</summary>
    public async Task<CommandResult> SignAsync(Answer request, string? digest = null, params string[] further)
    {
        string package = Signer.PathOf("package");
        if (Directory.Exists(package))
        {
            Directory.Delete(package, recursive: true);
        }

        await FetchAsync("repository/state", Path.Combine(package, "state.json"));
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Signer.HomeFolder.Repository, "metadata")).Select(Path.GetFileName).OfType<string>())
        {
            await FetchAsync($"repository/metadata/{file}", Path.Combine(package, "metadata", file));
        }

        foreach (string file in (string[])["manifest.suit", "chunk-table", "pack", "sbom.json"])
        {
            await FetchAsync($"requests/{request.Id}/draft/{file}", Path.Combine(package, "draft", file));
        }

        string path = $"repository/targets/{SignerWorld.Product}/{request.Version}";
        foreach (string file in Directory.Exists(Path.Combine(Signer.HomeFolder.Repository, path[11..])) ? Directory.EnumerateFiles(Path.Combine(Signer.HomeFolder.Repository, path[11..])) : [])
        {
            await FetchAsync($"{path}/{Path.GetFileName(file)}", Path.Combine(package, "release", "manifest.suit"));
        }

        return await Signer.RunAsync([
            "approval", "sign", "--home", ApproverHome, "--product", SignerWorld.Product, "--version", request.Version, "--package", package,
            "--manifest-digest", digest ?? request.ManifestDigest, "--out", Signer.PathOf("approval.json"), .. further.Contains("--pin-file", StringComparer.Ordinal) ? Array.Empty<string>() : ["--pin-file", Signer.PinFile("approver")], .. further]);
    }

    /// <summary>Signed on the approver's machine, and brought to the service.</summary>
    public async Task<Answer> ApproveAsync(Answer request, params string[] further)
    {
        (await SignAsync(request, null, further)).Ok();
        return await PostAsync("bo", $"requests/{request.Id}/approval", await File.ReadAllTextAsync(Signer.PathOf("approval.json")));
    }

    /// <summary>From the first word to the repository.</summary>
    public async Task<Answer> ReleaseAsync(string version)
    {
        Answer request = await PendingAsync(version);
        (await ApproveAsync(request)).Ok();
        return (await PostAsync("ci", $"requests/{request.Id}/publication", "")).Ok();
    }

    public async ValueTask DisposeAsync()
    {
        Disconnect();
        if (_service is not null)
        {
            await StopAsync();
        }

        Signer.Dispose();
    }

    /// <summary>A person's key and certificate.</summary>
    public async Task EnrolAsync(string person, int days = 397)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await File.WriteAllTextAsync(Signer.PathOf(person + ".key"), key.ExportPkcs8PrivateKeyPem());
        await File.WriteAllTextAsync(Signer.PathOf(person + ".csr"), new CertificateRequest($"CN={person}", key, HashAlgorithmName.SHA256).CreateSigningRequestPem());
        (await Signer.RunAsync("ca", "issue", "--home", Signer.Home, "--profile", "people", "--csr", Signer.PathOf(person + ".csr"), "--out", Signer.PathOf(person + ".pem"), "--days", $"{days}", "--pin-file", Signer.PinFile("ca"))).Ok();
    }

    private static Dictionary<string, object> Person(string name, string role, params string[] keys)
    {
        Dictionary<string, object> person = new(StringComparer.Ordinal) { ["name"] = name, ["certificate"] = name + ".pem", ["roles"] = new[] { role } };
        if (keys.Length > 0)
        {
            person["releaseKeys"] = keys;
        }

        return person;
    }

    private async Task FetchAsync(string path, string file)
    {
        using HttpResponseMessage response = await As("bo").GetAsync($"/api/v1/{path}");
        if (response.IsSuccessStatusCode)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllBytesAsync(file, await response.Content.ReadAsByteArrayAsync());
        }
    }

    private async Task PrepareAsync()
    {
        // The process of the tests holds the key of a certificate that the world's service CA issued.
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await File.WriteAllTextAsync(Signer.PathOf("service.key"), key.ExportPkcs8PrivateKeyPem());
        await File.WriteAllTextAsync(Signer.PathOf("service.csr"), Interop.OpenSsl.ServerCertificateRequest.Create(key, ["IP:127.0.0.1"]));
        (await Signer.RunAsync("ca", "issue", "--home", Signer.Home, "--profile", "service", "--csr", Signer.PathOf("service.csr"), "--out", Signer.PathOf("service.pem"), "--pin-file", Signer.PinFile("ca"))).Ok();
        foreach (string person in (string[])["ci", "bo", "cy", "dee", "di", "auditor"])
        {
            await EnrolAsync(person);
        }

        (await Signer.RunAsync("approval", "home", "--home", ApproverHome, "--settings", Signer.HomeFolder.Settings, "--root", Path.Combine(Signer.HomeFolder.Repository, "metadata", "1.root.json"))).Ok();
        Settings["layout"] = "development";
        Settings["listen"] = "127.0.0.1:0";
        Settings["tls"] = new Dictionary<string, object>(StringComparer.Ordinal) { ["certificate"] = "service.pem", ["unsafeKeyFile"] = "service.key" };
        Settings["peopleCa"] = Signer.HomeFolder.AuthorityCertificate("people");
        Settings["people"] = new object[] { Person("ci", "submitter"), Person("bo", "approver", "approver"), Person("cy", "approver", "release"), Person("dee", "approver", "second"), Person("di", "submitter"), Person("auditor", "auditor") };
        Settings["pins"] = new Dictionary<string, string>(StringComparer.Ordinal) { [Signer.Token("online")] = Signer.PinFile("online"), [Signer.Token("release")] = Signer.PinFile("release") };
    }
}

/// <summary>What the service answered.</summary>
internal sealed record Answer(int Status, JsonElement Body)
{
    public string Id => Body.GetProperty("id").GetString()!;

    public string State => Body.GetProperty("state").GetString()!;

    public string Version => Body.GetProperty("request").GetProperty("version").GetString()!;

    public ReleaseVersion ReleaseVersion => ReleaseVersion.Parse(Version);

    public string ManifestDigest => Body.GetProperty("manifest_digest").GetString()!;

    /// <summary>The refusal as status, reason and detail.</summary>
    public (int Status, string? Reason, string? Detail) Refusal => (Status, Body.GetProperty("reason").GetString(), Body.GetProperty("detail").GetString());

    public static async Task<Answer> ReadAsync(HttpResponseMessage response)
    {
        using (response)
        {
            byte[] body = await response.Content.ReadAsByteArrayAsync();
            return new Answer((int)response.StatusCode, body.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(body));
        }
    }

    /// <summary>Asserts that it did as it was asked.</summary>
    public Answer Ok()
    {
        Assert.That(Status, Is.InRange(200, 299), Body.ToString());
        return this;
    }

    /// <summary>Asserts that it was refused for this reason, and said this.</summary>
    public void Refused(int status, string reason, string detail)
    {
        Assert.That((Status, Body.GetProperty("reason").GetString()), Is.EqualTo((status, reason)), Body.ToString());
        Assert.That(Body.GetProperty("detail").GetString(), Does.Contain(detail));
    }
}
