using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.Signer.Journal;
using Fota.Signer.Log;
using Fota.Signer.Tests.Log;
using Fota.TestKit;

namespace Fota.Signer.Tests;

/// <summary>What the authorities take back and let in stands in the log, and a journal that was lost has it again.</summary>
[TestFixture]
public sealed class AuthorityLogTests
{
    private SignerWorld _world = null!;
    private ECDsa _key = null!;

    [SetUp]
    public async Task Create()
    {
        _world = await SignerWorld.CreateAsync();
        _key = AuthorityWorld.NewKey();
        await _world.IssueAsync(AuthorityWorld.Pump(1), _key, "first.pem");
    }

    [TearDown]
    public void Remove()
    {
        _key.Dispose();
        _world.Dispose();
    }

    [Test]
    [Proves("L-20")]
    public async Task P8_Revocations_lists_of_devices_and_numbers_of_lists_stand_in_the_log()
    {
        using ECDsa other = AuthorityWorld.NewKey();
        (await _world.RevokeAsync("first.pem")).Ok();
        (await _world.AllowAsync(await _world.OperatorAsync(), ("pump-0007", other))).Ok();
        (await _world.ListAsync()).Ok();
        (await _world.OnlineAsync()).Ok();
        List<LogEntry> entries = await _world.LogEntriesAsync();
        using X509Certificate2 first = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(_world.PathOf("first.pem")));
        LogEntry revoked = entries.Single(static entry => entry.Kind == LogKinds.CertificateRevoked), allowed = entries.Single(static entry => entry.Kind == LogKinds.DevicesAllowed);
        Assert.That((revoked.Facts["profile"], revoked.Facts["serial"], revoked.Facts["reason"]), Is.EqualTo(("device", first.SerialNumber.ToLowerInvariant(), "key-compromise")));
        Assert.That((allowed.Facts["operator"], allowed.Facts["devices_1"]), Is.EqualTo(("ops", $"pump-0007 {SignerWorld.Product} {AuthorityWorld.IdOf(other)}")));
        Assert.That(allowed.Facts["list_sha256"], Is.EqualTo(Sha256Digest.Of(await File.ReadAllBytesAsync(_world.PathOf("devices.json"))).ToString()));
        LogEntry number = entries.Single(static entry => entry.Kind == LogKinds.RevocationListSigned);
        Assert.That((number.Facts["profile"], number.Facts["number"]), Is.EqualTo(("device", "1")));
    }

    [Test]
    [Proves("L-25", "I-23")]
    public async Task P8_Journal_that_was_lost_still_revokes_and_numbers_of_lists_go_on()
    {
        (await _world.RevokeAsync("first.pem")).Ok();
        (await _world.ListAsync()).Ok();
        (await _world.OnlineAsync()).Ok();
        _world.LoseJournal();
        Assert.That((await _world.ListAsync()).Ok().Output, Is.EqualTo("signed: list 2 of the device CA, 1 certificates, good for 30 days\n"));
    }

    [Test]
    [Proves("L-25", "L-20")]
    public async Task P8_List_that_no_single_entry_holds_is_given_back_to_the_last_device()
    {
        string filler = new('x', 50);
        (string, string)[] devices = [.. Enumerable.Range(0, 300).Select(i => ($"{filler}-{i}", Sha256Digest.Of(BitConverter.GetBytes(i)).ToString())), ("pump-0301", AuthorityWorld.IdOf(_key))];
        byte[] list = AuthorityWorld.ListOf(devices);
        Assert.That((await _world.TakeAsync(list, AuthorityWorld.Sign(await _world.OperatorAsync(), list))).Ok().Output, Does.StartWith("allowed: 301 devices more"));
        (await _world.OnlineAsync()).Ok();
        Assert.That((await _world.LogEntriesAsync()).Count(static entry => entry.Kind == LogKinds.DevicesAllowed), Is.GreaterThan(1));
        List<(string, string)> before = Rows();
        _world.LoseJournal();
        Assert.That((await _world.RenewAsync((AuthorityWorld.Pump(301), _key))).Ok().Output, Does.StartWith("renewed: device pump-0301"));
        Assert.That(Rows(), Is.EqualTo(before));
    }

    [Test]
    [Proves("L-25")]
    public async Task A44_Journal_that_was_lost_still_knows_whose_a_name_is()
    {
        using ECDsa other = AuthorityWorld.NewKey();
        (await _world.OnlineAsync()).Ok();
        _world.LoseJournal();
        CommandResult result = await _world.TryIssueAsync(AuthorityWorld.Pump(1), other, "second.pem");
        Assert.That((result.ExitCode, result.Error.Contains($"device pump-0001 is certified with key {AuthorityWorld.IdOf(_key)}", StringComparison.Ordinal)), Is.EqualTo((1, true)), result.Error);
    }

    [Test]
    [Proves("L-25", "I-27")]
    public async Task P8_Authorities_sign_nothing_while_journal_and_log_are_both_lost()
    {
        (await _world.RevokeAsync("first.pem")).Ok();
        X509Certificate2 signer = await _world.OperatorAsync();
        (await _world.OnlineAsync()).Ok();
        await using EnrolmentServer server = await EnrolmentServer.StartAsync(_world);
        _world.LoseJournal();
        Directory.Move(_world.HomeFolder.Log, _world.PathOf("log"));
        const string Why = "what was revoked may be among those that the journal lacks", Lost = "entries that are in the log, and they cannot be taken from there: LogIncomplete";
        (await _world.ListAsync()).Refused(Lost);
        (await _world.TryIssueAsync(AuthorityWorld.Pump(2), _key, "second.pem")).Refused(Lost);
        (await _world.AllowAsync(signer, ("pump-0002", _key))).Refused(Lost);
        Assert.That((await _world.RenewAsync(server, (AuthorityWorld.Pump(1), _key))).Error, Does.Contain(Lost), "the one that it has is not sent again either");

        // More entries than devices pinned do not make it the journal of the log.
        using (SignerDatabase database = SignerDatabase.Open(_world.HomeFolder.Journal))
        {
            SignerLog log = new(database, _world.Clock);
            while (log.Append(new LogEvent(LogKinds.ServiceStarted, "-", "a test")) < 100)
            {
            }
        }

        Directory.Move(_world.PathOf("log"), _world.HomeFolder.Log);
        (await _world.ListAsync()).Refused(Why);
        _world.LoseJournal();
        Assert.That((await _world.ListAsync()).Ok().Output, Does.Contain(", 1 certificates, "));
    }

    [Test]
    [Proves("L-21")]
    public async Task A48_Revocation_and_its_entry_are_on_disk_together_or_not_at_all()
    {
        Fail("CREATE TRIGGER power_fails BEFORE INSERT ON log_entry BEGIN SELECT RAISE(ABORT, 'power failure'); END");
        (await _world.RevokeAsync("first.pem")).Refused("power failure");
        Fail("DROP TRIGGER power_fails");
        Assert.That((await _world.RevokeAsync("first.pem")).Ok().Output, Does.StartWith("revoked: "));
    }

    private void Fail(string trigger)
    {
        using SignerDatabase database = SignerDatabase.Open(_world.HomeFolder.Journal);
        _ = database.Execute(trigger);
    }

    private List<(string Device, string Key)> Rows()
    {
        using SignerDatabase database = SignerDatabase.Open(_world.HomeFolder.Journal);
        return database.Query("SELECT device, key_id FROM allowance ORDER BY id", static row => (row.GetString(0), row.GetString(1)));
    }
}
