namespace Fota.UpdateServer.Api.Access;

/// <summary>Gives each endpoint its rows of the table. One that has none is a defect that shows at the start.</summary>
internal static class AccessConvention
{
    /// <summary>A group over everything that is mapped.</summary>
    public static RouteGroupBuilder MapJudged(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder all = app.MapGroup("");
        ((IEndpointConventionBuilder)all).Finally(static endpoint =>
        {
            string pattern = "/" + ((RouteEndpointBuilder)endpoint).RoutePattern.RawText!.Trim('/');
            foreach (string method in endpoint.Metadata.OfType<IHttpMethodMetadata>().LastOrDefault()?.HttpMethods ?? ["*"])
            {
                endpoint.Metadata.Add(AccessTable.Find(method, pattern) ?? throw new InvalidOperationException($"{method} {pattern} is mapped, and the table of access does not say for whom"));
            }
        });
        return all;
    }

    /// <summary>Looks at every endpoint now: the conventions run when somebody looks.</summary>
    public static void RequireComplete(IEndpointRouteBuilder app) => _ = app.DataSources.SelectMany(static source => source.Endpoints).Count();
}
