using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.EndToEnd.Tests.Roles;
using Fota.Interop;
using Fota.TestKit;
using Microsoft.Data.Sqlite;

namespace Fota.EndToEnd.Tests.Identity;

/// <summary>The next certificate of a device, from the request to its use: fota-agent, fota-server and fota-signer as they are installed, with keys on tokens, weeks apart.</summary>
public sealed class RenewalChainTests
{
    private static readonly TimeSpan s_twoThirds = TimeSpan.FromDays(21), s_later = TimeSpan.FromSeconds(3);

    private SignerSite _signer = null!;
    private FieldServer _server = null!;

    [OneTimeSetUp]
    public async Task Install()
    {
        _signer = await SignerSite.CreateAsync();
        await _signer.ReleaseAsync("1.0.0");
        _server = await FieldServer.InstallAsync(_signer);
    }

    [OneTimeTearDown]
    public async Task Remove()
    {
        await _server.DisposeAsync();
        _signer.Dispose();
    }

    [Test]
    [Proves("I-3", "I-7", "I-11", "I-17")]
    [Category("Full")]
    public async Task Certificate_is_renewed_at_two_thirds_of_its_life_and_used_when_the_old_one_is_over()
    {
        FieldDevice pump = await FieldDevice.ManufactureAsync(_signer, "pump-0001", days: 30, onToken: true);
        DateTimeOffset first = await pump.CertificateEndsAsync();
        await _server.RestartAsync(TimeSpan.FromDays(15));
        await IsIdleAsync(pump, TimeSpan.FromDays(15), said: "");

        await _server.RestartAsync(s_twoThirds);
        await IsIdleAsync(pump, s_twoThirds, "a new one is asked for");
        ProgramRun signed = await RenewAsync(s_twoThirds);
        Assert.That((signed.ExitCode, signed.Output), Is.EqualTo((0, signed.Output)), signed.Error);
        Assert.That(signed.Output, Does.StartWith("renewed: device pump-0001, infusion-pump, until "));
        await IsIdleAsync(pump, s_twoThirds + s_later, "certificate: renewed, ends on ");
        Assert.That(await pump.CertificateEndsAsync() - first, Is.EqualTo(s_twoThirds).Within(TimeSpan.FromMinutes(5)));

        await _server.RestartAsync(TimeSpan.FromDays(35));
        await IsIdleAsync(pump, TimeSpan.FromDays(35), said: "");
    }

    [Test]
    [Category("Full")]
    [Proves("I-3", "I-16")]
    public async Task Device_that_lay_on_a_shelf_comes_back_within_the_days_of_grace()
    {
        TimeSpan shelf = TimeSpan.FromDays(60);
        FieldDevice pump = await FieldDevice.ManufactureAsync(_signer, "pump-0002", days: 30, onToken: false);
        await _server.RestartAsync(shelf);
        ProgramRun refused = await pump.CheckAsync(_server.Address, shelf);
        Assert.That(refused.ExitCode, Is.EqualTo(1));
        Assert.That(refused.Error, Does.Contain("check-in: the server answered 401").And.Contains("CertificateExpired"));

        _server.Configure("""{"graceDays": 45, "allow": ["reenrol"]}""");
        await _server.RestartAsync(shelf);
        _ = await pump.CheckAsync(_server.Address, shelf + TimeSpan.FromHours(1));
        Assert.That((await RenewAsync(shelf)).Output, Does.StartWith("renewed: device pump-0002"));
        ProgramRun renewed = await pump.CheckAsync(_server.Address, shelf + TimeSpan.FromHours(2));
        Assert.That(renewed.Error, Does.Contain("CertificateExpired"), "no updates with the old one: policy does not say so");
        Assert.That(renewed.Output, Does.Contain("certificate: renewed, ends on "));
        await IsIdleAsync(pump, shelf + TimeSpan.FromHours(2), said: "");
        _server.Configure(null);
    }

    [Test]
    [Proves("I-10", "I-11", "I-13")]
    [Category("Full")]
    public async Task Other_programs_renew_a_certificate_as_well()
    {
        FieldDevice pump = await FieldDevice.ManufactureAsync(_signer, "pump-0003", days: 30, onToken: false);
        await _server.RestartAsync(s_twoThirds);
        string curl = $"curl -sS -i --cacert '{pump.Path("server-ca.pem")}' --cert device.pem --key key.pem {_server.Address}.well-known/est";
        string script = $"""
            set -euo pipefail
            cd '{pump.Path("")}'
            openssl req -new -key key.pem -subj /CN=pump-0003/OU=infusion-pump -outform DER | openssl base64 > request.b64
            {curl}/simplereenroll -H 'Content-Type: application/pkcs10' --data-binary @request.b64 | head -1
            '{_signer.Path("bin/fota-signer")}' {string.Join(' ', Renewal)} | cut -d, -f1
            {curl}/simplereenroll -H 'Content-Type: application/pkcs10' --data-binary @request.b64 > answer
            {curl}/cacerts > authorities
            for file in answer authorities; do
              head -1 $file
              (echo -----BEGIN PKCS7-----; sed '1,/^\r$/d' $file | tr -d '\r'; echo -----END PKCS7-----) | openssl pkcs7 -print_certs > $file.pem
            done
            openssl x509 -in answer.pem -noout -subject
            openssl verify -CAfile authorities.pem answer.pem
            """;
        ProgramRun run = await At.RunAsync(s_twoThirds, _signer.Environment, "/bin/bash", "-c", script);
        Assert.That(run.ExitCode, Is.Zero, run.Error + run.Output + await File.ReadAllTextAsync(pump.Path("answer")));
        Assert.That(run.Output.ReplaceLineEndings("\n"), Is.EqualTo(
            "HTTP/1.1 202 Accepted\nrenewed: device pump-0003\nHTTP/1.1 200 OK\nHTTP/1.1 200 OK\nsubject=CN = pump-0003, OU = infusion-pump\nanswer.pem: OK\n"));
    }

    [Test]
    [Proves("I-17")]
    [Category("Full")]
    public async Task P5_A52_Server_that_was_taken_over_gets_no_certificate_for_a_key_of_its_own()
    {
        FieldDevice pump = await FieldDevice.ManufactureAsync(_signer, "pump-0004", days: 30, onToken: true);
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(pump.Path("device.pem")));
        using ECDsa own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] forged = new CertificateRequest(certificate.SubjectName, own, HashAlgorithmName.SHA256).CreateSigningRequest();
        await _server.RestartAsync(s_twoThirds);
        await IsIdleAsync(pump, s_twoThirds, "a new one is asked for");
        await ReplaceAsync(forged);

        ProgramRun refused = await RenewAsync(s_twoThirds);
        Assert.That(refused.ExitCode, Is.EqualTo(1));
        Assert.That(refused.Error, Does.Contain($"refused: request {Convert.ToHexStringLower(SHA256.HashData(forged))}: device pump-0004: wanted its key ").And.Contains("1 of 1 requests for certificates were refused"));
        Assert.That(Directory.GetFiles(_signer.Path("home/ca/issued")).Count(static file => IsFor(file, "pump-0004")), Is.EqualTo(1));

        // The server is its owner's again: the device asks as before, and gets its certificate.
        await IsIdleAsync(pump, s_twoThirds + s_later, said: "");
        Assert.That((await RenewAsync(s_twoThirds)).Output, Does.StartWith("renewed: device pump-0004"));
        await IsIdleAsync(pump, s_twoThirds + (2 * s_later), "certificate: renewed, ends on ");
    }

    private string[] Renewal => ["ca", "renew", "--home", _signer.Home, "--server", _server.Address.ToString(), "--token-file", _server.Token, "--pin-file", _signer.Pin("ca")];

    private static bool IsFor(string file, string device)
    {
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(File.ReadAllText(file));
        return certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false) == device;
    }

    private Task<ProgramRun> RenewAsync(TimeSpan ahead) => At.RunAsync(ahead, _signer.Environment, _signer.Path("bin/fota-signer"), Renewal);

    private async Task IsIdleAsync(FieldDevice pump, TimeSpan ahead, string said)
    {
        ProgramRun run = await pump.CheckAsync(_server.Address, ahead);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, FieldDevice.NothingIsPublished)), _server.LogText);
        Assert.That(run.Output, said.Length == 0 ? Is.Empty : Does.Contain(said));
    }

    /// <summary>Who holds the server writes into its database what he likes.</summary>
    private async Task ReplaceAsync(byte[] request)
    {
        await _server.StopAsync();
        SystemLibrary.Redirect(typeof(SQLitePCL.SQLite3Provider_e_sqlite3).Assembly, "e_sqlite3", "libsqlite3.so.0");
        SQLitePCL.raw.SetProvider(new SQLitePCL.SQLite3Provider_e_sqlite3());
        await using (SqliteConnection database = new($"Data Source={Path.Combine(_server.Folder, "data", "server.db")};Pooling=False"))
        {
            await database.OpenAsync();
            await using SqliteCommand command = database.CreateCommand();
            command.CommandText = "UPDATE enrolments SET request = $request, request_digest = $digest WHERE device = 'pump-0004'";
            command.Parameters.AddWithValue("$request", request);
            command.Parameters.AddWithValue("$digest", Convert.ToHexStringLower(SHA256.HashData(request)));
            Assert.That(await command.ExecuteNonQueryAsync(), Is.EqualTo(1));
        }

        await _server.RestartAsync(s_twoThirds);
    }
}
