using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Access;

/// <summary>Makes people at a server, and clients that speak for them.</summary>
internal static class PeopleWorld
{
    /// <summary>Makes somebody known, as the first administrator.</summary>
    public static async Task<JsonElement> SetPersonAsync(this ServerUnderTest server, string name, params object[] grants) => await server.PutPersonAsync(name, new { grants });

    public static async Task<JsonElement> PutPersonAsync(this ServerUnderTest server, string name, object request)
    {
        using HttpResponseMessage response = await server.Operator.PutAsJsonAsync($"/api/v1/operators/{Uri.EscapeDataString(name)}", request);
        return await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
    }

    /// <summary>Makes a token; the answer has it.</summary>
    public static async Task<JsonElement> CreateTokenAsync(this ServerUnderTest server, string person, object? request = null) =>
        await server.PostAsync($"/api/v1/operators/{Uri.EscapeDataString(person)}/tokens", request ?? new { name = "of a test" }, HttpStatusCode.Created);

    /// <summary>A client with a token.</summary>
    public static HttpClient Bearer(this ServerUnderTest server, string token)
    {
        HttpClient client = server.Client(null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>Makes somebody known with these grants, and gives a client of theirs.</summary>
    public static async Task<HttpClient> JoinAsync(this ServerUnderTest server, string name, params object[] grants)
    {
        await server.SetPersonAsync(name, grants);
        return server.Bearer((await server.CreateTokenAsync(name)).GetProperty("token").GetString()!);
    }
}
