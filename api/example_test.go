package api_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/api"
)

func Example() {
	handler, err := api.New(api.Config{
		Prefix:         "/crm",
		AllowedOrigins: []string{"https://addin.example.com"},
		Sessions:       &fakeSessions{},
		Licensing:      &fakeLicensing{state: "active"},
		Permissions:    &fakeCRM{},
		Search:         &fakeSearch{},
		Messages:       &fakeMessages{},
		Compatibility:  compatible,
	})
	if err != nil {
		log.Fatal(err)
	}
	router := mux.NewRouter()
	handler.Mount(router)

	for _, path := range []string{"/crm/api/v1/health/live", "/crm/api/v1/modules"} {
		answer := httptest.NewRecorder()
		router.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		fmt.Println(answer.Code, answer.Header().Get("Content-Type"))
	}
	// Output:
	// 200 application/json
	// 401 application/problem+json
}
