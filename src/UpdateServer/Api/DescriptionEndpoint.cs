using Fota.UpdateServer.Api.Access;
using Fota.UpdateServer.People;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Fota.UpdateServer.Api;

/// <summary>This API in OpenAPI's words (docs/spec/server-api.json is the same document). Who may do what is taken from the table of access.</summary>
internal static class DescriptionEndpoint
{
    private const string Document = "v1", Token = "token", Certificate = "certificate", Device = "device";

    public static void Map(IEndpointRouteBuilder api) => api.MapOpenApi("/openapi.json");

    /// <summary>What an endpoint for people may answer with instead (<see cref="ProblemCodes"/>).</summary>
    public static RouteGroupBuilder ProducesProblems(this RouteGroupBuilder people)
    {
        foreach (int status in (int[])[400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503, 504])
        {
            people.ProducesProblem(status);
        }

        return people;
    }

    public static void Add(IServiceCollection services) => services.AddOpenApi(Document, static options => options.AddDocumentTransformer(Describe).AddOperationTransformer(Describe));

    private static Task Describe(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellation)
    {
        document.Info.Title = "Fota update server";
        document.Info.Version = Document;
        document.Servers?.Clear();
        OpenApiComponents components = document.Components ??= new OpenApiComponents();
        components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
        {
            [Token] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "A token of a person or a machine, or one of the authorisation server (access.md, U-20 and U-30)." },
            [Certificate] = new OpenApiSecurityScheme { Type = SecuritySchemeType.MutualTLS, Description = "A TLS client certificate of the operators' authority (access.md, U-25)." },
            [Device] = new OpenApiSecurityScheme { Type = SecuritySchemeType.MutualTLS, Description = "A TLS client certificate of a device (device-identity.md)." },
        };
        return Task.CompletedTask;
    }

    private static Task Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        string method = context.Description.HttpMethod!;
        AccessRow row = context.Description.ActionDescriptor.EndpointMetadata.OfType<AccessRow>().First(r => r.Method == method);
        operation.OperationId = string.Join('_', row.Pattern.Split('/', '{', '}', '.', '*').Where(static part => part.Length > 0 && part is not ("api" or "v1")).Prepend(method.ToLowerInvariant())).Replace('-', '_');
        operation.Tags = new HashSet<OpenApiTagReference> { new(TagOf(row.Pattern), context.Document) };
        operation.Summary = row.What;
        operation.Description = row.Audience == Audience.Person ? $"Roles: {(row.Roles == Role.None ? "any person" : string.Join(", ", RoleNames.NamesOf(row.Roles)))}. Scope: {AccessTable.Words(row.Scope)} (access.md, U-10)." : null;
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<DescribedBody>().LastOrDefault() is { } body)
        {
            OpenApiMediaType bytes = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } };
            operation.RequestBody = new OpenApiRequestBody { Required = true, Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal) { [body.Type] = bytes } };
        }

        operation.Security = [.. SchemesOf(row.Audience).Select(scheme => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(scheme, context.Document)] = [] })];
        return Task.CompletedTask;
    }

    // The part of the server that a path is about.
    private static string TagOf(string pattern) => pattern.Split('/') is [_, "api", "v1", var part, ..] ? part : pattern.Split('/')[1].TrimStart('.');

    private static string[] SchemesOf(Audience audience) => audience switch
    {
        Audience.Person => [Token, Certificate],
        Audience.Device or Audience.RenewingDevice => [Device],
        _ => [],
    };
}

/// <summary>The type of a body that an endpoint reads itself: for the description alone. What the framework knows of it, routing would answer by before it is asked who comes (access.md, U-2).</summary>
internal sealed record DescribedBody(string Type);
