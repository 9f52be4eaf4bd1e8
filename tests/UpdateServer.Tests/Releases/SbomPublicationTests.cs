using System.Net;
using Fota.Manifest;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Releases;

[Proves("M-38")]
public sealed class SbomPublicationTests
{
    [Test]
    public async Task Release_that_binds_a_bill_of_materials_comes_with_it()
    {
        byte[] bill = SampleSbom.Bytes(SampleSbom.Spdx), other = SampleSbom.Bytes("{}");
        await using ServerUnderTest server = await ServerUnderTest.StartAsync();
        server.Source.Add(SampleRelease.Create(change: manifest => manifest with { SbomDigest = Sha256Digest.Of(bill) }));
        Dictionary<string, byte[]> files = server.Source.Bundle();
        await RefusedAsync(server, files, nameof(RejectionReason.MissingField));
        files[$"sboms/{Sha256Digest.Of(bill)}"] = other;
        await RefusedAsync(server, files, nameof(RejectionReason.DigestMismatch));
        files[$"sboms/{Sha256Digest.Of(bill)}"] = bill;
        using HttpResponseMessage taken = await server.PublishAsync(files);
        await ServerUnderTest.ReadAsync(taken, HttpStatusCode.OK);
        Assert.That(await server.Anonymous.GetByteArrayAsync($"/repo/sboms/{Sha256Digest.Of(bill)}"), Is.EqualTo(bill));
    }

    [Test]
    public async Task Bill_of_materials_that_is_none_is_refused()
    {
        byte[] none = SampleSbom.Bytes("{}");
        await using ServerUnderTest server = await ServerUnderTest.StartAsync();
        server.Source.Add(SampleRelease.Create(change: manifest => manifest with { SbomDigest = Sha256Digest.Of(none) }));
        Dictionary<string, byte[]> files = server.Source.Bundle();
        files[$"sboms/{Sha256Digest.Of(none)}"] = none;
        using HttpResponseMessage refused = await server.PublishAsync(files);
        await ServerUnderTest.IsRefusedAsync(refused, HttpStatusCode.UnprocessableEntity, nameof(RejectionReason.MissingField));
    }

    private static async Task RefusedAsync(ServerUnderTest server, Dictionary<string, byte[]> files, string reason)
    {
        using HttpResponseMessage refused = await server.PublishAsync(files);
        await ServerUnderTest.IsRefusedAsync(refused, HttpStatusCode.UnprocessableEntity, reason);
    }
}
