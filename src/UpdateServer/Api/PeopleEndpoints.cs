using Fota.Manifest;
using Fota.UpdateServer.Api.Access;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fota.UpdateServer.Api;

/// <summary>People and their tokens (docs/spec/access.md).</summary>
internal static class PeopleEndpoints
{
    private const int DefaultTokenDays = 90;
    private const int MostDecisions = 1000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/whoami", (Asker asker) => WhoAmIView.Of(asker.Caller));
        api.MapGet("/operators", (PeopleDirectory people) => people.People.Select(PersonView.Of));
        api.MapPut("/operators/{name}", Set);
        api.MapDelete("/operators/{name}", (string name, Asker asker, PeopleDirectory people) => Change(() => people.Remove(name, asker.Name) ? TypedResults.NoContent() : NoPerson()));
        api.MapGet("/operators/{name}/tokens", Tokens);
        api.MapPost("/operators/{name}/tokens", CreateToken);
        api.MapDelete("/operators/{name}/tokens/{id}", (string name, string id, Asker asker, PeopleDirectory people) => Change(() => people.RevokeToken(name, id, asker.Name)
            ? TypedResults.NoContent()
            : Problems.OfStatus(StatusCodes.Status404NotFound, "this person has no such token that is good")));
        api.MapGet("/access-decisions", (IAccessDecisionStore decisions) => decisions.Newest(MostDecisions).Select(AccessDecisionView.Of));
    }

    private static IResult Set(string name, PersonRequest request, Asker asker, PeopleDirectory people) =>
        Change(() => TypedResults.Ok(PersonView.Of(people.Set(name, request.ToGrants(), request.ToIdentities(), asker.Name))));

    private static Results<Ok<IEnumerable<TokenView>>, ProblemHttpResult> Tokens(string name, PeopleDirectory people) =>
        people.Find(name) is null ? NoPerson() : TypedResults.Ok(people.TokensOf(name).Select(TokenView.Of));

    private static IResult CreateToken(string name, TokenRequest request, Asker asker, PeopleDirectory people, HttpContext context)
    {
        int days = request.Days ?? DefaultTokenDays;
        if (days is < 1 or > PeopleDirectory.MaxTokenDays)
        {
            return Problems.OutOfRange($"days: wanted 1 to {PeopleDirectory.MaxTokenDays}, got {days}");
        }

        if (!StageRules.IsName(request.Name))
        {
            return Problems.OutOfRange("name: wanted 1 to 64 characters, none of them a control character, got another");
        }

        return Change(() =>
        {
            if (people.CreateToken(name, request.Name, RolesOf(request), TimeSpan.FromDays(days), asker.Name) is not { } made)
            {
                return NoPerson();
            }

            context.Response.Headers.CacheControl = "no-store";
            return TypedResults.Created((string?)null, TokenView.Of(made.Token) with { Token = made.Text });
        });
    }

    /// <exception cref="RejectedException">There is no such role, or none is named.</exception>
    private static Role RolesOf(TokenRequest request) => request.Roles is null ? Role.All
        : request.Roles.Count == 0 ? throw Demand.Wrong("roles", "at least one, or none of the list for those of the person", "none")
        : request.Roles.Aggregate(Role.None, static (roles, name) => roles | (RoleNames.Parse(name) ?? throw Demand.Wrong("roles", $"of {string.Join(", ", RoleNames.NamesOf(Role.All))}", name)));

    private static IResult Change(Func<IResult> change)
    {
        try
        {
            return change();
        }
        catch (RejectedException e)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, e.Rejection.Reason.ToString(), e.Rejection.Detail);
        }
        catch (AccessRefusedException e)
        {
            return Problems.Of(e.Reason == AccessRefusedException.NoName ? StatusCodes.Status400BadRequest : StatusCodes.Status409Conflict, e.Reason, e.Message);
        }
    }

    private static ProblemHttpResult NoPerson() => Problems.OfStatus(StatusCodes.Status404NotFound, "nobody here has this name");
}
