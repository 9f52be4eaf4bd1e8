using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fota.Manifest;
using Fota.TestKit;

namespace Fota.Signer.Tests;

/// <summary>What an operator's list allowed ends: with the operator's certificate, or by `fota-signer ca disallow`.</summary>
[TestFixture]
public sealed class DisallowTests
{
    private const string NoMore = "or that an operator's list allows for its key, got a name that never was";

    private SignerWorld _world = null!;
    private ECDsa _key = null!;
    private X509Certificate2 _operator = null!;

    [SetUp]
    public async Task Allow()
    {
        _world = await SignerWorld.CreateAsync();
        _key = AuthorityWorld.NewKey();
        _operator = await _world.OperatorAsync();
        (await _world.AllowAsync(_operator, ("pump-0001", _key), ("pump-0002", _key))).Ok();
    }

    [TearDown]
    public void Remove()
    {
        _operator.Dispose();
        _key.Dispose();
        _world.Dispose();
    }

    private string ListDigest => Sha256Digest.Of(File.ReadAllBytes(_world.PathOf("devices.json"))).ToString();

    [Test]
    [Proves("I-28")]
    public async Task P5_Devices_of_an_operator_whose_certificate_was_taken_back_are_made_no_more_until_another_signs_for_them()
    {
        byte[] list = await File.ReadAllBytesAsync(_world.PathOf("devices.json"));
        (await _world.RevokeAsync("ops.pem")).Ok();
        await _world.RenewalIsRefusedAsync(AuthorityWorld.Pump(1), _key, NoMore);
        using X509Certificate2 other = await _world.OperatorAsync("ops-2");
        Assert.That((await _world.TakeAsync(list, AuthorityWorld.Sign(other, list))).Ok().Output, Does.StartWith("allowed: 2 devices more, by ops-2"));
        (await _world.RenewAsync((AuthorityWorld.Pump(1), _key))).Ok();
    }

    [Test]
    [Proves("I-28")]
    public async Task P5_List_of_a_thief_keeps_no_device_to_his_key()
    {
        using ECDsa genuine = AuthorityWorld.NewKey();
        (await _world.RevokeAsync("ops.pem")).Ok();
        using X509Certificate2 other = await _world.OperatorAsync("ops-2");
        (await _world.AllowAsync(other, ("pump-0001", genuine))).Ok();
        await _world.RenewalIsRefusedAsync(AuthorityWorld.Pump(1), _key, NoMore);
        (await _world.RenewAsync((AuthorityWorld.Pump(1), genuine))).Ok();
    }

    [Test]
    [Proves("I-28")]
    public async Task P5_Device_that_was_disallowed_is_not_made_and_its_list_does_not_let_it_in_again()
    {
        byte[] list = await File.ReadAllBytesAsync(_world.PathOf("devices.json")), signature = await File.ReadAllBytesAsync(_world.PathOf("devices.p7s"));
        Assert.That((await DisallowAsync("--device", "pump-0001")).Ok().Output, Is.EqualTo("disallowed: 1 devices fewer\n"));
        Assert.That((await _world.TakeAsync(list, signature)).Ok().Output, Does.StartWith("allowed: 0 devices more"));
        await _world.RenewalIsRefusedAsync(AuthorityWorld.Pump(1), _key, NoMore);
        (await _world.RenewAsync((AuthorityWorld.Pump(2), _key))).Ok();
        (await DisallowAsync("--device", "pump-0001")).Refused("device pump-0001: wanted one that a list allows, got one that none does");
    }

    [Test]
    [Proves("I-28", "L-25")]
    public async Task P8_List_that_was_disallowed_stays_so_though_the_journal_is_lost()
    {
        byte[] list = await File.ReadAllBytesAsync(_world.PathOf("devices.json")), signature = await File.ReadAllBytesAsync(_world.PathOf("devices.p7s"));
        Assert.That((await DisallowAsync("--list-digest", ListDigest)).Ok().Output, Is.EqualTo("disallowed: 2 devices fewer\n"));
        (await _world.OnlineAsync()).Ok();
        _world.LoseJournal();
        await _world.RenewalIsRefusedAsync(AuthorityWorld.Pump(2), _key, NoMore);
        (await _world.TakeAsync(list, signature)).Refused("wanted one that was not taken back, got");
        (await _world.AllowAsync(_operator, ("pump-0002", _key))).Ok();
        (await _world.RenewAsync((AuthorityWorld.Pump(2), _key))).Ok();
    }

    [Test]
    [Proves("I-28")]
    public async Task Disallow_wants_a_device_or_a_list_that_is_there()
    {
        (await DisallowAsync()).Refused("wanted --device or --list-digest, one of them");
        (await DisallowAsync("--list-digest", "x")).Refused("--list-digest: wanted 64 hexadecimal digits, got \"x\"");
        (await DisallowAsync("--list-digest", new string('0', 64))).Refused("wanted one that allows a device, got one that allows none");
    }

    private Task<CommandResult> DisallowAsync(params string[] further) => _world.RunAsync(["ca", "disallow", "--home", _world.Home, .. further]);
}
